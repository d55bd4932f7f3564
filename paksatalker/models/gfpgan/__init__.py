"""GFPGAN: restores faces; implemented from its description, loads the official v1.4 checkpoint with ``strict=True``."""
