#!/usr/bin/env python3
"""Fetches models into the weights store: the same as ``paksatalker models download``.

python scripts/download_models.py            # what the default engines need
python scripts/download_models.py NAME ...   # particular models or groups
"""

from __future__ import annotations

import sys

from paksatalker.cli.app import main
from paksatalker.models.base import WeightsStore


def download_models(*names: str) -> None:
    """Downloads models or groups by name; without a name, those that the default engines need."""
    store = WeightsStore()
    for entry in store.manifest.select(names):
        store.download(entry.name)


if __name__ == "__main__":
    main(["models", "download", *sys.argv[1:]])
