"""Written text to phonemes, remembering which written word every phoneme belongs to."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_TLD = "com|org|net|edu|gov|mil|info|biz|io|ai|app|dev|co|tv|me|uk|us|ca|au|de|fr|es|it|nl|eu|ch|at|in|jp|cn|br|ru"
_ADDRESS = re.compile(
    rf"(?<![\w@.])(?:https?://)?(?:www\.)?((?:[\w+-]+(?:\.[\w+-]+)*@)?(?:[A-Za-z0-9-]+\.)+(?:{_TLD}))(?![\w-])(/[\w./~-]*\w|/)?",
)

#: Letters of a word from which on the rules for unknown words leave its end out, and how many they are given at once.
_TOO_LONG = re.compile(r"(?<![/\w])[^\W\d_]{25,}")
_AT_ONCE, _AT_LEAST = 16, 8
_VOWELS = frozenset("aeiouyAEIOUY")


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """How a text is said.

    Attributes:
        symbols: Phonemes in misaki's alphabet with punctuation and spaces.
        owners: For every symbol the index into ``words``; for spaces and punctuation that of the word before.
        words: The written words, punctuation included, in order. A reading that is not word for word (``3:30 pm``)
            is one entry.
        stressed: Indices of the words that the script stresses.
    """

    symbols: str
    owners: tuple[int, ...]
    words: tuple[str, ...]
    stressed: frozenset[int] = frozenset()


def _spell_address(match: re.Match[str]) -> str:
    spoken = match[1] + (match[2] or "").rstrip("/")
    for sign, word in ((".", "dot"), ("/", "slash"), ("@", "at"), ("-", "dash"), ("_", "underscore"), ("~", "tilde")):
        spoken = spoken.replace(sign, f" {word} ")
    return " ".join(spoken.replace("+", " plus ").split())


def _in_parts(match: re.Match[str]) -> str:
    """A very long word in parts that begin with a consonant, if they can."""
    rest, parts = match[0], []
    while len(rest) > _AT_ONCE:
        cuts = (i for i in range(_AT_ONCE, _AT_LEAST, -1) if rest[i - 1] in _VOWELS and rest[i] not in _VOWELS)
        cut = next(cuts, _AT_ONCE)
        parts.append(rest[:cut])
        rest = rest[cut:]
    return " ".join([*parts, rest])


class Pronouncer:
    """hibari's text normaliser and grapheme-to-phoneme rules. Loads 4 MB of lexicon (0.4 s).

    Args:
        british: Use the British lexicon.
    """

    def __init__(self, *, british: bool = False) -> None:
        from hibari.g2p import G2P  # heavy: only speaking and aligning need it

        self._g2p: Any = G2P(british=british)

    def pronounce(self, text: str) -> Pronunciation:
        """Turns one sentence into phonemes.

        Dates, amounts, times, units and abbreviations are read out; web and mail addresses are spelled ("dot", "at").

        Args:
            text: A sentence; line breaks count as spaces.
        """
        from hibari.g2p.normalize import normalize

        tokens = self._g2p.phonemize_tokens(
            self._g2p.tokenize(normalize(_TOO_LONG.sub(_in_parts, _ADDRESS.sub(_spell_address, text))))
        )
        spoken: list[str] = [""]
        pieces: list[tuple[str, int]] = []  # phonemes, index of the spoken word
        for token in tokens:
            pieces.append((token.phonemes or "", len(spoken) - 1))
            spoken[-1] += token.text
            if token.whitespace:
                pieces.append((" ", len(spoken) - 1))
                spoken.append("")
        groups = _match(text.split(), spoken)
        owner_of = {index: number for number, (_, members) in enumerate(groups) for index in members}
        symbols = "".join(phonemes for phonemes, _ in pieces)
        owners = tuple(owner_of[index] for phonemes, index in pieces for _ in phonemes)
        end = len(symbols.rstrip())
        return Pronunciation(symbols[:end], owners[:end], tuple(written for written, _ in groups))


def _key(word: str) -> str:
    return re.sub(r"[\W_]+", "", word).casefold()


def _match(written: Sequence[str], spoken: Sequence[str]) -> list[tuple[str, list[int]]]:
    """Pairs written with spoken words: ``(written text, indices of spoken words)`` in order, covering both sides."""
    matcher = difflib.SequenceMatcher(None, [_key(w) for w in written], [_key(s) for s in spoken], autojunk=False)
    groups: list[tuple[str, list[int]]] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal" or (tag == "replace" and i2 - i1 == j2 - j1):
            groups += [(written[i], [j]) for i, j in zip(range(i1, i2), range(j1, j2), strict=True)]
        elif tag == "insert" and groups:
            groups[-1][1].extend(range(j1, j2))
        elif tag == "delete" and groups:
            groups[-1] = (" ".join([groups[-1][0], *written[i1:i2]]), groups[-1][1])
        else:
            groups.append((" ".join(written[i1:i2]), list(range(j1, j2))))
    return groups
