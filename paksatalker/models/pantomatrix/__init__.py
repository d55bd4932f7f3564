"""EMAGE of PantoMatrix: full-body gestures from audio, implemented from its description.

Haiyang Liu et al., "EMAGE: Towards Unified Holistic Co-Speech Gesture Generation via Expressive Masked Audio Gesture
Modeling", CVPR 2024. The networks load the official checkpoints with ``strict=True``; PyTorch comes with the extra
``paksatalker[neural]``.
"""
