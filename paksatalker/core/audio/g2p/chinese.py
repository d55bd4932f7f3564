"""Mandarin: characters to pinyin by ``pypinyin`` (with tone sandhi), pinyin to phonemes; numbers are read out.

Tones follow the vowel as arrows, as misaki writes them: → high, ↗ rising, ↓ low, ↘ falling.
"""

from __future__ import annotations

import re

from paksatalker.core.audio.g2p.base import marks_of, with_given
from paksatalker.core.audio.pronunciation import Pronunciation

_INITIALS = {
    "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k", "k": "kʰ", "h": "x",
    "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ", "s": "s", "": "",
}  # fmt: skip
#: Finals as vowel and what follows the tone.
_FINALS = {
    "a": ("a", ""), "o": ("wo", ""), "e": ("ɤ", ""), "ai": ("ai", ""), "ei": ("ei", ""), "ao": ("au", ""),
    "ou": ("ou", ""), "an": ("a", "n"), "en": ("ə", "n"), "ang": ("a", "ŋ"), "eng": ("ə", "ŋ"), "ong": ("ʊ", "ŋ"),
    "er": ("ɚ", ""), "i": ("i", ""), "ia": ("ja", ""), "ie": ("je", ""), "iao": ("jau", ""), "iou": ("jou", ""),
    "ian": ("jɛ", "n"), "in": ("i", "n"), "iang": ("ja", "ŋ"), "ing": ("i", "ŋ"), "iong": ("jʊ", "ŋ"), "u": ("u", ""),
    "ua": ("wa", ""), "uo": ("wo", ""), "uai": ("wai", ""), "uei": ("wei", ""), "uan": ("wa", "n"), "uen": ("wə", "n"),
    "uang": ("wa", "ŋ"), "ueng": ("wə", "ŋ"), "v": ("y", ""), "ve": ("ɥe", ""), "van": ("ɥɛ", "n"), "vn": ("y", "n"),
    "ê": ("ɛ", ""), "io": ("jo", ""), "m": ("m", ""), "n": ("n", ""), "ng": ("ŋ", ""),
}  # fmt: skip
_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": "", "": ""}
_HANZI = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PIECES = re.compile(rf"[{_HANZI}]+|[A-Za-z]+|[^{_HANZI}A-Za-z\s]+|\s+")
_DIGITS = "零一二三四五六七八九"
#: Letters as Chinese speakers call them, in characters of the same sound.
_LETTERS = {
    "a": "诶", "b": "必", "c": "西", "d": "弟", "e": "衣", "f": "艾弗", "g": "吉", "h": "艾曲", "i": "艾",
    "j": "杰", "k": "开",
    "l": "艾勒", "m": "艾姆", "n": "恩", "o": "欧", "p": "屁", "q": "酷", "r": "阿尔", "s": "艾丝", "t": "踢",
    "u": "优", "v": "维",
    "w": "达不溜", "x": "艾克斯", "y": "歪", "z": "贼",
}  # fmt: skip


class ChinesePronouncer:
    """Written Chinese to phonemes. Needs ``pypinyin``."""

    def pronounce(self, text: str) -> Pronunciation:
        """Turns one sentence into phonemes; the words are those of pypinyin's dictionary of phrases."""
        return with_given(text, self._words)

    def _words(self, text: str) -> list[tuple[str, str]]:
        """Written words with their phonemes."""
        found: list[tuple[str, str]] = []
        for piece in _PIECES.findall(_numbers(text)):
            if re.match(f"[{_HANZI}]", piece):
                found += _spoken(piece)
            elif piece[0].isalpha():
                names = "".join(_LETTERS[c] for c in piece.lower() if c in _LETTERS)
                found.append((piece, "".join(said for _, said in _spoken(names))))
            elif found and (marks := marks_of(piece)):
                found[-1] = (found[-1][0] + piece.strip(), found[-1][1] + marks)
        return found


def _spoken(characters: str) -> list[tuple[str, str]]:
    from pypinyin import Style, lazy_pinyin
    from pypinyin.contrib.tone_convert import to_finals, to_initials
    from pypinyin.seg.mmseg import seg

    syllables = lazy_pinyin(characters, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True)
    said = []
    for syllable in syllables:
        plain, tone = (syllable[:-1], syllable[-1]) if syllable[-1:].isdigit() else (syllable, "5")
        initial = to_initials(plain, strict=True)
        final = to_finals(plain, strict=True, v_to_u=False)
        vowel, end = _FINALS.get(final, ("", ""))
        if final == "i" and initial in ("z", "c", "s", "zh", "ch", "sh", "r"):
            vowel = "ɨ"
        elif final == "o" and not initial:
            vowel = "o"
        said.append(_INITIALS.get(initial, "") + vowel + _TONES.get(tone, "") + end)
    words, position = [], 0
    for word in seg.cut(characters):
        words.append((word, "".join(said[position : position + len(word)])))
        position += len(word)
    return words


def _numbers(text: str) -> str:
    text = re.sub(r"(\d+(?:\.\d+)?)%", lambda m: "百分之" + m[1], text)
    text = re.sub(r"(\d{4})(?=年)", lambda m: "".join(_DIGITS[int(d)] for d in m[1]), text)
    return re.sub(r"\d+(?:\.\d+)?", lambda m: read_number(m[0]), text)


def read_number(number: str) -> str:
    """A number in digits, written as it is spoken; digit by digit where it is longer than 16."""
    whole, _, fraction = number.partition(".")
    spelled = "点" + "".join(_DIGITS[int(d)] for d in fraction) if fraction else ""
    if len(whole) > 16 or (len(whole) > 1 and whole[0] == "0"):
        return "".join(_DIGITS[int(d)] for d in whole) + spelled
    if int(whole) == 0:
        return "零" + spelled
    groups: list[str] = []
    parts = ""
    while whole:
        groups.insert(0, whole[-4:])
        whole = whole[:-4]
    for index, group in enumerate(groups):
        said = _four(group, inner=index > 0)
        if said:
            parts += said + ("", "万", "亿", "兆")[len(groups) - 1 - index]
    parts = re.sub("零+", "零", parts).rstrip("零")
    return (parts[1:] if parts.startswith("一十") else parts) + spelled


def _four(group: str, *, inner: bool) -> str:
    said, gap = "", inner
    digits = group.rjust(4, "0")
    for digit, unit in zip(digits, ("千", "百", "十", ""), strict=True):
        if digit == "0":
            gap = gap or bool(said)
            continue
        if gap and (said or digits[0] == "0"):
            said += "零"
        gap = False
        said += _DIGITS[int(digit)] + unit
    return said
