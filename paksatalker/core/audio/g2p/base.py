"""What all languages share: cutting a text into words and marks, spelling out, pronunciations that are given."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from paksatalker.core.audio.pronunciation import Pronunciation

VOWELS = frozenset("aeiouyɑɐɒæɔəɛɜɪɨʊʌøœɤɯᵻAIOQWY")
TILDE = "\u0303"  # nasal, after a vowel

#: What words are made of: letters with their marks, and the signs that languages have names for.
_LETTER = r"\w\u0300-\u036f\u0900-\u0963\u0966-\u097f'’\-‐‑/&%+=@"
_GIVEN = re.compile(r"\[([^\]\[]*)\]\(/([^/]*)/\)")
#: Marks that the voice was trained with, by the marks that people write.
_MARKS = {
    ",": ",", ".": ".", ";": ";", ":": ":", "!": "!", "?": "?", "…": "…", "—": "—", "–": "—", "।": ".", "॥": ".",
    "、": ",", "，": ",", "。": ".", "！": "!", "？": "?", "；": ";", "：": ":", "・": " ", "«": "“", "»": "”",
    "“": "“",
    "”": "”", "„": "“", '"': '"', "(": "(", ")": ")", "「": "“", "」": "”", "《": "“", "》": "”",
}  # fmt: skip
_BREAKING = frozenset(",.;:!?…—")
_IPA = {"g": "ɡ", "aɪ": "I", "aʊ": "W", "eɪ": "A", "oʊ": "O", "ɔɪ": "Y", "tʃ": "ʧ", "dʒ": "ʤ", "ts": "ʦ", "dz": "ʣ"}


@dataclass(frozen=True, slots=True)
class Language:
    """How a language is read.

    Attributes:
        phrase: Words in small letters, between two marks, to phonemes; what a word sounds like may hang on the next.
        letters: How letters are called, in the language's own spelling, for what cannot be read as a word.
        vowels: Letters that make a word readable.
        names: What signs inside of a text are called.
    """

    phrase: Callable[[list[str]], list[str]]
    letters: Mapping[str, str] = field(default_factory=dict)
    vowels: str = "aeiouyáéíóúàèìòùâêîôûäëïöüãõœæ"
    names: Mapping[str, str] = field(default_factory=dict)


class RulePronouncer:
    """Written text to phonemes by a language's rules; the counterpart of the English ``Pronouncer``.

    Args:
        language: How it is read.
    """

    def __init__(self, language: Language) -> None:
        self._language = language

    def pronounce(self, text: str) -> Pronunciation:
        """Turns one sentence into phonemes.

        Args:
            text: A sentence; line breaks count as spaces. ``[word](/IPA/)`` gives a pronunciation.
        """
        written, spoken = _split(text)
        phonemes = self._words(spoken)
        symbols, owners = "", []
        for index, said in enumerate(phonemes):
            part = (" " if symbols and said else "") + said
            owners += [index - 1 if char == " " and place == 0 and index else index for place, char in enumerate(part)]
            symbols += part
        return Pronunciation(symbols, tuple(owners), tuple(written))

    def _words(self, spoken: list[str]) -> list[str]:
        """Phonemes of every written word, marks included."""
        found = [""] * len(spoken)
        phrase: list[str] = []
        places: list[tuple[int, str, str]] = []  # which word, marks before, marks after

        def close() -> None:
            for (index, before, after), said in zip(places, self._language.phrase(phrase), strict=True):
                glue = " " if found[index] and not found[index].endswith((" ", "“", "(")) else ""
                found[index] += glue + before + said + after
            phrase.clear()
            places.clear()

        for index, token in enumerate(spoken):
            if given := _GIVEN.search(token):
                close()
                before, after = token.split(given[0], 1)
                found[index] = marks_of(before) + from_ipa(given[2]) + marks_of(after)
                continue
            for before, word, after in _parts(token):
                readable = self._readable(word)
                for number, part in enumerate(readable):
                    last = number == len(readable) - 1
                    phrase.append(part)
                    places.append((index, before if not number else "", after if last else ""))
                if not readable and (before or after):
                    close()
                    found[index] += before + after
                if _BREAKING & set(after):
                    close()
        close()
        return found

    def _readable(self, word: str) -> list[str]:
        """The word in small letters, cut at hyphens; or the names of its letters where it cannot be read."""
        parts = []
        for part in re.split("[-‐‑/_]", word):
            plain = part.lower().strip("'’")
            if plain in self._language.names:
                parts += self._language.names[plain].split()
            elif (part.isupper() and 1 < len(part) <= 5 and not set(plain) & set(self._language.vowels)) or (
                len(plain) == 1 and plain.isascii() and plain in self._language.letters and plain not in "aeiouy"
            ):
                parts += [self._language.letters[c] for c in plain if c in self._language.letters]
            elif any(map(str.isalpha, plain)):
                parts.append(plain)
        return parts


def with_given(text: str, words: Callable[[str], list[tuple[str, str]]]) -> Pronunciation:
    """Reads a text without spaces between words; ``[word](/IPA/)`` gives a pronunciation.

    Args:
        text: What is written.
        words: Cuts a text into words with their phonemes, marks included.
    """
    found: list[tuple[str, str]] = []
    position = 0
    for given in _GIVEN.finditer(text):
        found += words(text[position : given.start()])
        found.append((given[1], from_ipa(given[2])))
        position = given.end()
    found += words(text[position:])
    symbols, owners = "", []
    for index, (_, said) in enumerate(found):
        if symbols and said:
            symbols += " "
            owners.append(index - 1)
        symbols += said
        owners += [index] * len(said)
    return Pronunciation(symbols, tuple(owners), tuple(written for written, _ in found))


def from_ipa(ipa: str) -> str:
    """IPA as people write it, in misaki's alphabet: one letter for diphthongs and affricates, no ties nor dots."""
    text = unicodedata.normalize("NFD", ipa.replace(" ", ""))
    text = text.replace("\u0361", "").replace("\u035c", "").replace(".", "").replace("'", "ˈ")
    for long, short in _IPA.items():
        text = text.replace(long, short)
    # Stress marks stand before the syllable in IPA, before the vowel in misaki's alphabet.
    return re.sub(rf"([ˈˌ])([^{''.join(VOWELS)}ˈˌ]+)(?=[{''.join(VOWELS)}])", r"\2\1", text)


def _split(text: str) -> tuple[list[str], list[str]]:
    """Words as written, and as they are read; a pronunciation that is given is part of its word."""
    spoken = [token for token in re.split(r"\s+", unicodedata.normalize("NFC", text)) if token]
    written = [_GIVEN.sub(r"\1", token) for token in spoken]
    return written, spoken


def _parts(token: str) -> list[tuple[str, str, str]]:
    """A token cut at its marks: marks before, letters, marks after."""
    pieces = re.findall(f"[{_LETTER}]+|[^{_LETTER}]+", token)
    parts: list[list[str]] = []
    before = ""
    for piece in pieces:
        if re.match(f"[{_LETTER}]", piece):
            parts.append([before, piece, ""])
            before = ""
        elif parts:
            parts[-1][2] += marks_of(piece)
        else:
            before += marks_of(piece)
    if before:
        parts.append([before, "", ""])
    return [(a, b, c) for a, b, c in parts]


def marks_of(text: str) -> str:
    """The marks in a text as the voice knows them."""
    return "".join(_MARKS.get(char, "") for char in text)
