"""Japanese: readings and particles by ``pyopenjtalk`` (Open JTalk's dictionary), kana to phonemes."""

from __future__ import annotations

import re

from paksatalker.core.audio.g2p.base import marks_of, with_given
from paksatalker.core.audio.pronunciation import Pronunciation

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "ɡ": "ガギグゲゴ", "s": "サシスセソ", "ʣ": "ザジズゼゾ", "t": "タチツテト",
    "d": "ダヂヅデド", "n": "ナニヌネノ", "h": "ハヒフヘホ", "b": "バビブベボ", "p": "パピプペポ", "m": "マミムメモ",
    "j": "ヤ ユ ヨ", "ɾ": "ラリルレロ", "β": "ワヰ ヱヲ",
}  # fmt: skip
_VOWELS = "aiɯeo"
_PALATAL = {"k": "kʲ", "ɡ": "ɡʲ", "b": "bʲ", "p": "pʲ", "m": "mʲ", "ɾ": "ɾʲ", "n": "ɲ", "h": "ç"}
_MORAE: dict[str, str] = {"ヴ": "vɯ", "ヰ": "i", "ヱ": "e", "ヲ": "o", "ッ": "ʔ", "ー": "ː", "ン": "ɴ"}
for _onset, _row in _ROWS.items():
    for _kana, _vowel in zip(_row, _VOWELS, strict=True):
        if _kana != " ":
            _MORAE.setdefault(_kana, (_PALATAL.get(_onset, _onset) if _vowel == "i" else _onset) + _vowel)
_MORAE |= {
    "シ": "ɕi", "ジ": "ʥi", "チ": "ʨi", "ヂ": "ʥi", "ツ": "ʦɨ", "ヅ": "zɨ", "ス": "sɨ", "ズ": "zɨ", "フ": "ɸɯ",
    "ァ": "a", "ィ": "i", "ゥ": "ɯ", "ェ": "e", "ォ": "o", "ャ": "ja", "ュ": "jɯ", "ョ": "jo", "ヮ": "βa",
    "ティ": "tʲi", "ディ": "dʲi", "トゥ": "tɯ", "ドゥ": "dɯ", "テュ": "tʲɨ", "デュ": "dʲɨ", "イェ": "je", "ウィ": "βi",
    "ウェ": "βe", "ウォ": "βo", "ツァ": "ʦa", "ツィ": "ʦʲi", "ツェ": "ʦe", "ツォ": "ʦo", "クヮ": "kᵝa", "グヮ": "ɡᵝa",
    "シェ": "ɕe", "ジェ": "ʥe", "チェ": "ʨe", "スィ": "sʲi", "ズィ": "zʲi",
}  # fmt: skip
for _kana, _base in {
    "キ": "kʲ", "ギ": "ɡʲ", "シ": "ɕ", "ジ": "ʥ", "チ": "ʨ", "ヂ": "ʥ", "ニ": "ɲ", "ヒ": "ç", "ビ": "bʲ",
    "ピ": "pʲ", "ミ": "mʲ",
    "リ": "ɾʲ",
}.items():  # fmt: skip
    for _small, _vowel in (("ャ", "a"), ("ュ", "ɨ"), ("ョ", "o"), ("ェ", "e")):
        _MORAE[_kana + _small] = _base + _vowel
for _small, _vowel in (("ァ", "a"), ("ィ", "i"), ("ェ", "e"), ("ォ", "o")):
    _MORAE["フ" + _small] = "ɸ" + _vowel
    _MORAE["ヴ" + _small] = "v" + _vowel
#: The syllabic nasal takes the place of what follows.
_NASALS = ((re.compile("ɴ(?= ?[pbm])"), "m"), (re.compile("ɴ(?= ?[kɡ])"), "ŋ"), (re.compile("ɴ(?= ?[ɲʨʥ])"), "ɲ"),
           (re.compile("ɴ(?= ?[ntdɾzʦʣ])"), "n"))  # fmt: skip


class JapanesePronouncer:
    """Written Japanese to phonemes. Needs ``pyopenjtalk``."""

    def pronounce(self, text: str) -> Pronunciation:
        """Turns one sentence into phonemes; the words are accent phrases: a noun with its particles, and the like."""
        return with_given(text, self._words)

    def _words(self, text: str) -> list[tuple[str, str]]:
        import pyopenjtalk  # part of an extra

        found: list[tuple[str, str]] = []
        for word in pyopenjtalk.run_frontend(text):
            surface, kana = word["string"], word["pron"].replace("’", "")
            said = from_kana(kana) if word["mora_size"] else ""
            if not said:
                if found:
                    found[-1] = (found[-1][0] + surface.strip(), found[-1][1] + marks_of(surface))
                continue
            chained = bool(found) and word["chain_flag"] == 1 and not found[-1][1].endswith((",", ".", "!", "?"))
            if chained:
                found[-1] = (found[-1][0] + surface, found[-1][1] + said)
            else:
                found.append((surface, said))
        return [(surface, _assimilated(said)) for surface, said in found]


def from_kana(kana: str) -> str:
    """Katakana to phonemes, each syllabic nasal as ɴ."""
    said, i = "", 0
    while i < len(kana):
        for length in (2, 1):
            if (mora := kana[i : i + length]) in _MORAE:
                said += _MORAE[mora]
                i += length
                break
        else:
            i += 1
    return _assimilated(said)


def _assimilated(said: str) -> str:
    for pattern, nasal in _NASALS:
        said = pattern.sub(nasal, said)
    return said
