"""EMAGE of PantoMatrix: full-body gestures from audio, implemented from its description.

Haiyang Liu et al., "EMAGE: Towards Unified Holistic Co-Speech Gesture Generation via Expressive Masked Audio Gesture
Modeling", CVPR 2024. The networks load the official checkpoints with ``strict=True``; PyTorch comes with the extra
``paksatalker[neural]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def download_models() -> Path:
    """Downloads the official files, as ``paksatalker models download emage`` does; returns their folder.

    Raises:
        DownloadFailed: The hub did not deliver, or downloads are switched off.
        DiskFull: There is no room for them.
        OutputUnwritable: The weights store cannot be written.
    """
    from paksatalker.models.base import WeightsStore

    return WeightsStore().download("emage")
