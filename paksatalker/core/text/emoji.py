"""Emoji: what they feel like, and what they are called."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

from paksatalker.core.languages import primary
from paksatalker.core.text.anchors import rewrite
from paksatalker.core.timeline import Reading, Utterance

_TONE = "[\U0001f3fb-\U0001f3ff]"
_PICTURE = "[\u2300-\u23ff\u2600-\u27bf\u2934\u2935\u2b00-\u2bff\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
_ONE = f"{_PICTURE}\ufe0f?{_TONE}?"
_PATTERN = (
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag: two letters of a country
    f"|{_ONE}(?:\u200d{_ONE})*[\U000e0020-\U000e007f]*"
)
#: One emoji, with all its parts (UTS #51): skin tones, joined persons, flags. A key is the digit on it.
EMOJI = re.compile(_PATTERN)
#: Some emoji and the spaces before them, as a pattern: what may stand between the end of a sentence and the next one.
AFTER_SENTENCE = rf"(?:[^\S\n]*(?:{_PATTERN}))*+"  # all of them: where something else follows, it is no border

_RUN = re.compile(rf"(?P<one>{_PATTERN})(?:\s*(?P=one))*")
_SENTENCE_FEELING = 0.1  # more for each further emoji of the same feeling
_FACES: dict[tuple[str, float], str] = {
    ("happy", 0.7): "😀 😃 😄 😁 😆 😊 ☺ 🥰 😍 😻 😺 😸 🤗 😂 🤣 😹 ❤ 🧡 💛 💚 💙 💜 💕 💖 💗 💓 💞 💘 💝 😘 😚 😙",
    ("happy", 0.4): "🙂 😉 😋 😛 😜 😝 😎 😇 👍 👏",
    ("excited", 0.7): "🤩 🥳 🎉 🎊 🙌",
    ("sad", 0.6): "☹ 🙁 😞 😔 😟 😥 😢 🥺 😿 💔",
    ("sad", 0.9): "😭",
    ("angry", 0.7): "😠 😡 😤 🤬 👿 💢 😾",
    ("surprised", 0.7): "😮 😯 😲 😳 🤯 😧 🙀",
    ("fearful", 0.7): "😨 😰 😱",
    ("disgusted", 0.7): "🤢 🤮",
    ("calm", 0.6): "😌 🧘",
}
_FEELINGS = {face: feeling for feeling, faces in _FACES.items() for face in faces.split()}
_EYES, _MOUTHS = (
    ":;=",
    {")": "🙂", "]": "🙂", "d": "😄", "p": "😛", "o": "😮", "(": "🙁", "[": "🙁", "*": "😘", "3": "😘"},
)
_LETTERED = {"<3": "❤️", "^_^": "😊", "xd": "😆"}
_OWN_LANGUAGES = ("hi", "ur")
_FLAGS = {"hi": "{} का झंडा", "ur": "{} کا جھنڈا", "en": "flag of {}"}


def face_of(emoticon: str) -> str:
    """The emoji for an emoticon such as ``:-)``; a space where there is none."""
    small = emoticon.lower()
    if small in _LETTERED:
        return _LETTERED[small]
    if small[0] == ";" and small[-1] in ")]":
        return "😉"
    if "'" in small and small[-1] in "([":
        return "😢"
    return _MOUTHS.get(small[-1], " ") if small[0] in _EYES else " "


def feeling_of(text: str) -> tuple[str, float] | None:
    """The emotion and intensity (0–1) that the emoji of a sentence give it; None where they give none.

    Where they differ, the emotion that most of them have counts, then the one of the last.
    """
    felt = [_FEELINGS[plain] for emoji in EMOJI.findall(text) if (plain := _plain(emoji)) in _FEELINGS]
    if not felt:
        return None
    emotions = [emotion for emotion, _ in reversed(felt)]
    emotion = max(emotions, key=emotions.count)
    strengths = [strength for other, strength in felt if other == emotion]
    return emotion, round(min(1.0, max(strengths) + _SENTENCE_FEELING * (len(strengths) - 1)), 2)


def without_emoji(utterance: Utterance) -> Utterance:
    """The utterance with its emoji left out; what else it has stays in its place."""
    return rewrite([utterance], _left_out)[0] if EMOJI.search(utterance.text) else utterance


def with_names(utterance: Utterance, default: str = "") -> Utterance:
    """The utterance with its emoji read by their names; those without a name in its language are left out.

    Several of one kind in a row are named once. Readings that are there win.

    Args:
        utterance: A sentence.
        default: Language of one that does not say its own.
    """
    if not EMOJI.search(utterance.text):
        return utterance
    names = _names(primary(utterance.language or default))
    known = rewrite([utterance], lambda text: EMOJI.sub(lambda m: m[0] if names(m[0]) else " ", text))[0]
    found = list(known.readings)
    for match in _RUN.finditer(known.text):
        if not any(r.start < match.end() and r.end > match.start() for r in found):
            found.append(Reading(*match.span(), f" {names(match['one'])} "))
    return replace(known, readings=tuple(sorted(found)))


def _left_out(text: str) -> str:
    text = re.sub(r"[^\S\n]+", " ", EMOJI.sub(" ", text))
    return re.sub(r" (?=[,.;:!?])", "", text).strip()


def _plain(emoji: str) -> str:
    """Without skin tone, and without the mark that asks for a picture in colour."""
    return re.sub(f"{_TONE}|\ufe0f", "", emoji)


class _Names:
    """Names of emoji in one language.

    Args:
        language: A primary tag.
    """

    def __init__(self, language: str) -> None:
        import emoji  # takes 0.1 s to load

        self._language = language
        self._data = emoji.EMOJI_DATA
        self._own = _own_names(language) if language in _OWN_LANGUAGES else {}
        self._known = not self._own and language in emoji.LANGUAGES
        if self._known:
            emoji.config.load_language(language)

    def __call__(self, emoji: str) -> str:
        """The name of one; empty where it has none."""
        plain = _plain(emoji)
        flag = "\U0001f1e6" <= plain[0] <= "\U0001f1ff"
        if flag and self._language in _OWN_LANGUAGES:
            name = self._territory(plain)
        elif not self._known:
            return self._own.get(plain, "") or " ".join(filter(None, map(self._own.get, plain.split("\u200d"))))
        else:
            name = self._listed(plain)
        return _FLAGS[self._language].format(name) if name and flag and self._language in _FLAGS else name

    def _listed(self, plain: str) -> str:
        for form in (plain, f"{plain}\ufe0f", plain.replace("\u200d", "\ufe0f\u200d", 1)):
            if name := self._data.get(form, {}).get(self._language, ""):
                return str(name).strip(":").replace("_", " ").replace("’", "'")
        parts = plain.split("\u200d")
        return " ".join(filter(None, map(self._listed, parts))) if len(parts) > 1 else ""

    def _territory(self, flag: str) -> str:
        from babel import Locale

        code = "".join(chr(ord(char) - 0x1F1E6 + ord("A")) for char in flag)
        return str(Locale(self._language).territories.get(code, ""))


@cache
def _names(language: str) -> _Names:
    return _Names(language)


def _own_names(language: str) -> dict[str, str]:
    column = 1 + _OWN_LANGUAGES.index(language)
    lines = Path(__file__).with_name("emoji_names.tsv").read_text("utf-8").split("\n")
    rows = (line.split("\t") for line in lines if "\t" in line and not line.startswith("#"))
    return {row[0]: row[column] for row in rows}
