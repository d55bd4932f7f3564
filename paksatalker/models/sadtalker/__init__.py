"""SadTalker's networks, implemented from their description; they load the official checkpoints with ``strict=True``.

W. Zhang et al., "SadTalker: Learning Realistic 3D Motion Coefficients for Stylized Audio-Driven Single Image Talking
Face Animation", CVPR 2023. PyTorch comes with the extra ``paksatalker[neural]``; importing this
package does not need it.
"""

from paksatalker.models.sadtalker.checkpoints import download_models

__all__ = ["download_models"]
