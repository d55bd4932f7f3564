"""Tags of languages."""

from __future__ import annotations


def primary(tag: str) -> str:
    """The language of a BCP-47 tag without its region, in small letters: ``en`` of ``en-GB`` and of ``en_GB``."""
    return tag.replace("_", "-").partition("-")[0].lower()
