#!/usr/bin/env python3
"""Writes the demo photo (NASA's portrait of Eileen Collins, public domain) from scikit-image's wheel to a PNG."""

from __future__ import annotations

import sys
from pathlib import Path

import skimage.data
from PIL import Image


def write_demo_photo(path: Path) -> None:
    """Writes the photo, 512 × 512 RGB; its folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(skimage.data.astronaut()).save(path)


if __name__ == "__main__":
    write_demo_photo(Path(sys.argv[1]))
