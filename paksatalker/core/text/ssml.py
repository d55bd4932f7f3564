"""SSML (W3C Speech Synthesis Markup Language 1.1), the part of it that people use, to the same script as our markup."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NoReturn
from xml.parsers import expat

from paksatalker.core.text.builder import ScriptBuilder
from paksatalker.core.text.language import document_language
from paksatalker.core.text.markup import PITCH_RANGE, RATE_RANGE, VOLUME_RANGE, primary_language, read_seconds
from paksatalker.core.text.normalise.say_as import KINDS, read_as
from paksatalker.core.text.script import Script, ScriptWarning
from paksatalker.core.timeline import Utterance
from paksatalker.errors import ScriptInvalid

_DEEPEST = 64
_LARGEST = 4 << 20  # characters
_LONGEST_BREAK = 60.0
_BREAKS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.8, "x-strong": 1.2}
_RATES = {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.6}
_PITCHES = {"x-low": -4.0, "low": -2.0, "medium": 0.0, "default": 0.0, "high": 2.0, "x-high": 4.0}
_VOLUMES = {"silent": -20.0, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 3.0, "x-loud": 6.0}
_PROSODY = {
    "rate": (_RATES, RATE_RANGE, re.compile(r"(\d+(?:\.\d+)?)(%?)")),
    "pitch": (_PITCHES, PITCH_RANGE, re.compile(r"([+-]\d+(?:\.\d+)?)(st|%)")),
    "volume": (_VOLUMES, VOLUME_RANGE, re.compile(r"([+-]\d+(?:\.\d+)?)(dB)")),
}
_LANG = "xml:lang"
_LONGEST_READING = 400  # characters


def is_ssml(text: str) -> bool:
    """Whether a text is SSML rather than prose or markup."""
    return re.match(r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!DOCTYPE\s+)?speak\b", text, re.DOTALL) is not None


def parse_ssml(text: str, start: Utterance | None = None) -> Script:
    """Reads SSML: speak, p, s, lang, break, emphasis, prosody, say-as, sub, phoneme, voice and mark.

    No document type, entity or outside file is ever looked at. Other elements are passed over, their text is said, and
    a warning tells.

    Args:
        text: The document.
        start: Direction at the beginning; None for the neutral one.

    Raises:
        ScriptInvalid: It is not well-formed, has a document type, or is nested too deeply or too large; the message
            names line and column.
    """
    if len(text) > _LARGEST:
        raise ScriptInvalid("cannot read the SSML", "it is larger than 4 million characters", "Split it")
    return _Reader(start or Utterance("")).read(text.lstrip("\ufeff \t\r\n"))


class _Reader:
    def __init__(self, start: Utterance) -> None:
        self._builder = ScriptBuilder(start)
        self._warnings: list[ScriptWarning] = []
        self._parser = expat.ParserCreate()
        self._leave: list[Callable[[], None]] = []
        self._kind = ""  # of what is said now, by <say-as>
        self._kept: list[str] = []
        self._document = ""
        self._language = ""  # of what does not say its own; found out when it is needed
        self._gap = False  # white space that is only said before something else
        self._spoken = False

    def read(self, text: str) -> Script:
        parser = self._parser
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._document = text
        text = re.sub(r"\A<\?xml[^>]*\?>", lambda match: " " * len(match[0]), text).lstrip(" ")
        try:
            parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            self._refuse(expat.ErrorString(error.code) or "it is not well-formed", error.lineno, error.offset + 1)
        self._builder.finish()
        return Script(tuple(self._builder.finished), tuple(self._warnings))

    def _refuse(self, why: str, line: int | None = None, column: int | None = None) -> NoReturn:
        line = self._parser.CurrentLineNumber if line is None else line
        column = self._parser.CurrentColumnNumber + 1 if column is None else column
        raise ScriptInvalid(f"cannot read the SSML at line {line}:{column}", why, "Mend it there, or give plain text")

    def _refuse_doctype(self, *_: object) -> None:
        self._refuse("document types are not allowed")

    def _warn(self, message: str) -> None:
        place = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
        self._warnings.append(ScriptWarning(*place, message))

    # --- elements ----------------------------------------------------------------------------------------------------
    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._leave and tag.rpartition(":")[2] != "speak":
            self._refuse(f"the document begins with <{tag}>, not with <speak>")
        if len(self._leave) >= _DEEPEST:
            self._refuse(f"elements are nested more than {_DEEPEST} deep")
        enter = getattr(self, "_enter_" + tag.rpartition(":")[2].replace("-", "_"), None)
        if enter is None:
            self._warn(f"<{tag}> is not known; what is in it is said")
            self._leave.append(lambda: None)
        else:
            self._leave.append(enter(attributes) or (lambda: None))

    def _end(self, _tag: str) -> None:
        self._leave.pop()()

    def _text(self, text: str) -> None:
        words = " ".join(text.split())
        if self._kind:
            self._kept.append(text)
            return
        self._gap = self._gap or text[:1].isspace()
        if not words:
            return
        self._say(words)
        self._gap = text[-1].isspace()

    def _say(self, words: str) -> None:
        self._builder.say((" " if self._gap and self._spoken else "") + words)
        self._gap, self._spoken = False, True

    def _space(self) -> None:
        """Says the space before a place that a mark is to stand at."""
        if self._gap and self._spoken:
            self._builder.say(" ")
            self._gap, self._spoken = False, True

    def _new_paragraph(self, space: str) -> None:
        if self._spoken:
            self._builder.say(space)
        self._gap = self._spoken = False

    def _enter_speak(self, attributes: dict[str, str]) -> Callable[[], None] | None:
        return self._in_language(attributes)

    def _enter_lang(self, attributes: dict[str, str]) -> Callable[[], None] | None:
        return self._in_language(attributes)

    def _enter_p(self, attributes: dict[str, str]) -> Callable[[], None]:
        return self._paragraph("\n\n", attributes)

    def _enter_s(self, attributes: dict[str, str]) -> Callable[[], None]:
        return self._paragraph("\n", attributes)

    def _paragraph(self, space: str, attributes: dict[str, str]) -> Callable[[], None]:
        self._new_paragraph(space)
        leave_language = self._in_language(attributes)

        def leave() -> None:
            self._new_paragraph(space)
            if leave_language:
                leave_language()

        return leave

    def _in_language(self, attributes: dict[str, str]) -> Callable[[], None] | None:
        """What is in an element with ``xml:lang`` is in that language."""
        if _LANG not in attributes:
            return None
        language = primary_language(attributes[_LANG])
        if language is None:
            self._warn(f"xml:lang='{attributes[_LANG]}' is passed over: it is no language tag")
            return None
        self._space()
        return self._scope("lang", {"language": language})

    def _enter_break(self, attributes: dict[str, str]) -> None:
        time = attributes.get("time")
        seconds = _BREAKS.get(attributes.get("strength", "medium")) if time is None else read_seconds(time.strip())
        if seconds is None or not 0 <= seconds <= _LONGEST_BREAK:
            self._warn("a <break> is passed over: time is such as 500ms or 0.5s, at most 60s")
        elif seconds >= 0.1:  # shorter ones cannot be told from the gap between words
            self._builder.pause(seconds)
            self._gap = self._spoken = False

    def _enter_emphasis(self, attributes: dict[str, str]) -> Callable[[], None] | None:
        if attributes.get("level", "moderate") not in ("moderate", "strong") or self._builder.emphasised:
            return None
        self._space()
        self._builder.emphasise(on=True)
        return lambda: self._builder.emphasise(on=False)

    def _enter_prosody(self, attributes: dict[str, str]) -> Callable[[], None]:
        changes = {}
        for name, value in attributes.items():
            if name not in _PROSODY:
                self._warn(f"{name} of <prosody> is passed over")
            elif (number := _prosody(name, value.strip(), getattr(self._builder.direction, name))) is None:
                self._warn(f"{name}='{value}' of <prosody> is passed over: it is not understood or out of range")
            else:
                changes[name] = number
        return self._scope("prosody", changes)

    def _enter_voice(self, attributes: dict[str, str]) -> Callable[[], None]:
        name = attributes.get("name", "").split()[:1]
        if not name:
            self._warn("a <voice> without a name is passed over")
        changes = {"voice": name[0]} if name else {}
        language = primary_language(attributes.get(_LANG, ""))
        return self._scope("voice", changes | ({"language": language} if language else {}))

    def _scope(self, name: str, changes: dict[str, float] | dict[str, str]) -> Callable[[], None]:
        self._builder.enter(name, **changes)

        def leave() -> None:
            self._builder.leave(name)

        return leave

    def _enter_sub(self, attributes: dict[str, str]) -> Callable[[], None] | None:
        return self._reading(_argument(attributes.get("alias", "")), "sub", "alias", ipa=False)

    def _enter_phoneme(self, attributes: dict[str, str]) -> Callable[[], None] | None:
        if attributes.get("alphabet", "ipa") != "ipa":
            self._warn(f"a <phoneme> in {attributes['alphabet']} is passed over: only ipa is known")
            return None
        return self._reading(_argument(attributes.get("ph", "")), "phoneme", "ph", ipa=True)

    def _reading(self, spoken: str, tag: str, attribute: str, *, ipa: bool) -> Callable[[], None] | None:
        if not spoken:
            self._warn(f"a <{tag}> without {attribute} is passed over")
            return None
        self._space()
        self._builder.read_as(spoken, ipa=ipa)
        return self._builder.read_as_written

    def _enter_say_as(self, attributes: dict[str, str]) -> Callable[[], None] | None:
        kind = attributes.get("interpret-as", "").strip().lower()
        if kind not in KINDS:
            self._warn(f"interpret-as='{kind}' is passed over")
            return None
        self._kind = kind

        def leave() -> None:
            text, self._kept, self._kind = " ".join("".join(self._kept).split()), [], ""
            if text:
                self._say_as(text, kind, attributes.get("format", "").strip().lower())

        return leave

    def _say_as(self, text: str, kind: str, form: str) -> None:
        language = self._builder.direction.language
        if not language:
            language = self._language = self._language or document_language(self._document, "en")
        spoken = read_as(text, kind, language, form)
        self._space()
        if spoken and any(map(str.isalnum, spoken)):
            self._builder.read_as(spoken[:_LONGEST_READING])
        self._say(text)
        self._builder.read_as_written()

    def _enter_mark(self, attributes: dict[str, str]) -> None:
        if name := _argument(attributes.get("name", "")).replace(" ", "-"):
            self._space()
            self._builder.cue("mark", name)


def _prosody(name: str, value: str, now: float) -> float | None:
    words, (low, high), pattern = _PROSODY[name]
    if value in words:
        return words[value]
    match = pattern.fullmatch(value)
    if match is None:
        return None
    number = float(match[1])
    if name == "rate":
        number = number / 100 if match[2] else number
        number *= now
    elif match[2] == "%":
        number = 12 * math.log2(max(1 + number / 100, 0.5))
    return round(number, 3) if low <= number <= high else None


def _argument(text: str) -> str:
    """Text that can stand in a tag of our markup."""
    return " ".join(re.sub(r"[\[\]\\()]", " ", text).strip("/ ").split())[:120]
