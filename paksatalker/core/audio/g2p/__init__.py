"""Spelling to phonemes in misaki's alphabet: which language is read by what.

Rules from each language's phonology, without espeak; English by hibari's lexicon, Chinese and Japanese by the
dictionaries of optional packages.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Protocol

from paksatalker.core.audio.pronunciation import Pronouncer, Pronunciation
from paksatalker.core.languages import primary
from paksatalker.requirements import install_command

_RULES = {
    "es": "spanish:SPANISH", "fr": "french:FRENCH", "hi": "hindi:HINDI", "it": "italian:ITALIAN",
    "pt": "portuguese:PORTUGUESE",
}  # fmt: skip
_CLASSES = {"ja": "japanese:JapanesePronouncer", "zh": "chinese:ChinesePronouncer"}
#: Import name and distribution of what a language needs besides.
_NEEDS = {"ja": ("pyopenjtalk", "pyopenjtalk-plus"), "zh": ("pypinyin", "pypinyin")}

#: Primary tags of the languages that are read without a package of their own, word by word.
RULED = frozenset({"en", *_RULES})
#: Primary tags of all languages that can be read, given their packages.
LANGUAGES: tuple[str, ...] = ("en", *sorted({*_RULES, *_CLASSES}))


class TextPronouncer(Protocol):
    """Reads one language."""

    def pronounce(self, text: str) -> Pronunciation:
        """Turns one sentence into phonemes."""
        ...


def missing_package(language: str) -> str | None:
    """The command that installs what reading a language needs; None if all is there.

    Args:
        language: A primary tag of :data:`LANGUAGES`.
    """
    module, distribution = _NEEDS.get(language, ("", ""))
    return install_command(distribution) if module and importlib.util.find_spec(module) is None else None


def make_pronouncer(tag: str) -> TextPronouncer:
    """What reads a language.

    Args:
        tag: A BCP-47 tag whose language is in :data:`LANGUAGES`.

    Raises:
        KeyError: Another language.
        ImportError: Its package is not installed; see :func:`missing_package`.
    """
    language = primary(tag)
    if language == "en":
        return Pronouncer(british=tag == "en-GB")
    module, _, name = (_RULES.get(language) or _CLASSES[language]).partition(":")
    found = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    if language in _RULES:
        from paksatalker.core.audio.g2p.base import RulePronouncer

        return RulePronouncer(found)
    made: TextPronouncer = found()
    return made
