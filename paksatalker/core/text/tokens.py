"""Script markup to tokens: text, tags, speakers' labels and scene headings, as the characters arrive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Longest argument of a tag and longest title of a scene, characters.
MAX_ARGUMENT = 120

TAG = re.compile(
    rf"\[(?P<close>/?)(?P<name>[A-Za-z][A-Za-z-]{{0,19}})(?: +(?P<argument>[^\[\]\\\n]{{0,{MAX_ARGUMENT}}}))?\]"
)
_OPEN_TAG = re.compile(rf"\[(?:/|(?:/?[A-Za-z][A-Za-z-]{{0,19}})(?: [^\[\]\\\n]{{0,{MAX_ARGUMENT}}})?)?\Z")
HEADING_ESCAPE = re.compile(r"\\+(?=#[ \t])")
HEADING = re.compile(rf"#[ \t]+(?P<title>\S[^\n]{{0,{MAX_ARGUMENT - 1}}})(?P<end>\n|\Z)")
_OPEN_HEADING = re.compile(rf"\\*(?:#(?:[ \t]+(?:\S[^\n]{{0,{MAX_ARGUMENT - 1}}})?)?)?\Z")
LABEL = re.compile(r"(?P<name>[^\W\d_][^\s:\\\[\]]{0,31}(?: [^\s:\\\[\]]{1,32}){0,2})(?P<escape>\\*):(?=[ \n]|\Z)")
_OPEN_LABEL = re.compile(r"[^\W\d_][^\s:\\\[\]]{0,31}(?: [^\s:\\\[\]]{0,32}){0,2}(?:\\*|\\*: *)\Z")
_SPECIAL = re.compile(r"\\*\[|\n|\\+\Z")

# Words that stand before a colon in prose and are nobody's name.
_PROSE = (
    "a abstract advice agenda aim aims also alternatively answer answers appendix attention author background "
    "basically benefits bonus breaking but caution caveat chapter conclusion contact context contents correction cons "
    "date day deadline definition description details directions disclaimer edit email example examples exercise fact "
    "facts figure finally first fix footnote friday from goal goals headline heads-up here hint history hours how "
    "however idea if important in info information ingredients instructions introduction intro issue keywords last "
    "legend lesson location lyrics main message meaning method methods module monday moral name news next no note "
    "notes now number objective one opinion option options or order outcome overview p.s part pause phone place "
    "please plot point pros ps problem product proof punchline purpose q question questions quote rating re reason "
    "reasons recap recipe reference references remember reminder requirement result results review rule rules "
    "saturday scene second secret section setting side sidenote so solution source sources spoiler status step steps "
    "story subject summary sunday synopsis tags takeaway task the theme then theorem think third this three thursday "
    "time tip tips title tl;dr to today todo tomorrow topic topics translation truth tuesday two unit update url "
    "verdict verse version volume wait warning website wednesday week what when where who why wow yes yesterday"
)
_PROSE_LABELS = frozenset(_PROSE.split())
_OPENING = frozenset("\\\"'“‘«‹„¿¡(…—[")


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a script.

    Attributes:
        kind: ``text``, ``tag``, ``label`` or ``scene``.
        value: The text, the tag's name in lower case, the speaker's name, or the title of the scene.
        line: Where it starts, from 1.
        column: Where it starts, from 1.
        argument: Of a tag; None where it has none.
        closing: Whether a tag is a closing one.
        source: As written.
        linked: Whether a tag is directly followed by ``(``, ``[`` or ``:``, as the text of a link is.
    """

    kind: str
    value: str
    line: int
    column: int
    argument: str | None = None
    closing: bool = False
    source: str = ""
    linked: bool = False


class Dialogue:
    """Decides whether ``Name:`` at the start of a line says who speaks, or is prose ("Note: ...").

    A label is a speaker's when the name is known already (from a ``[speaker]`` tag or an earlier label), or when the
    text or the scene begins with a label; its words begin with capitals, and so does what it says.
    """

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._active: bool | None = None  # None until something is said

    def takes(self, name: str, following: str) -> bool:
        """Whether a label is a speaker's. ``following`` is what comes after the colon, up to one word of it."""
        if name in self._names:
            return True
        if self._active is False or not self._is_name(name):
            return False
        first = following.lstrip(" ")[:1]
        return first in _OPENING or (first.isalpha() and not first.islower()) if first else False

    def meet(self, name: str) -> None:
        """Remembers a speaker; the text is a dialogue from here on."""
        self._names.add(name)
        self._active = True

    def say(self, text: str) -> None:
        """Takes note of spoken text."""
        if self._active is None and text.strip():
            self._active = False

    def begin_scene(self) -> None:
        """A scene may begin a dialogue."""
        self._active = self._active or None

    @staticmethod
    def _is_name(name: str) -> bool:
        words = name.split(" ")
        return all(word[0].isalnum() and not word[0].islower() for word in words) and not (
            words[0].lower() in _PROSE_LABELS or words[-1].lower() in _PROSE_LABELS
        )


class Tokeniser:
    """Reads a script as it arrives.

    Args:
        dialogue: Decides about labels; whoever handles the tokens may tell it about speakers.
    """

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._buffer = ""
        self._line = self._column = 1
        self._at_line_start = True

    def feed(self, text: str) -> Iterator[Token]:
        """Takes more of the script; yields the tokens that are complete, as they are asked for."""
        self._buffer += text
        yield from self._drain(final=False)

    def close(self) -> Iterator[Token]:
        """Yields what was held back."""
        yield from self._drain(final=True)

    def _drain(self, *, final: bool) -> Iterator[Token]:
        while self._buffer:
            token = self._line_start(final=final) if self._at_line_start else self._inside(final=final)
            if token is None:
                return
            yield token

    def _line_start(self, *, final: bool) -> Token | None:
        """What comes at the start of a line, maybe a heading or a label; None where it is too early to say."""
        buffer = self._buffer
        if not final and (_OPEN_HEADING.match(buffer) or _OPEN_LABEL.match(buffer)):
            return None
        if escape := HEADING_ESCAPE.match(buffer):
            return self._take("text", escape[0][1:] + "#", escape.end() + 1)
        if heading := HEADING.match(buffer):
            self._dialogue.begin_scene()
            title = heading["title"].strip().replace("[", "(").replace("]", ")").replace("\\", "/")
            return self._take("scene", title, heading.end(), at_line_start=True)
        if label := LABEL.match(buffer):
            if escapes := len(label["escape"]):
                name = label["name"] + "\\" * (escapes - 1)
                return self._take("text", name + ":", label.end())
            if self._dialogue.takes(label["name"], buffer[label.end() :].split("\n")[0]):
                self._dialogue.meet(label["name"])
                space = buffer[label.end() : label.end() + 1] == " "
                return self._take("label", label["name"], label.end() + space)
        return self._inside(final=final)

    def _inside(self, *, final: bool) -> Token | None:
        """Text up to the next special character, or what that begins; None where it is too early to say."""
        special = _SPECIAL.search(self._buffer)
        if special is None:
            return self._text(len(self._buffer))
        if special.start() > 0:
            return self._text(special.start())
        if special[0] == "\n":
            return self._text(1)
        if special[0].endswith("["):
            return self._bracket(len(special[0]) - 1, final=final)
        return self._text(len(special[0])) if final else None  # backslashes whose bracket may still come

    def _bracket(self, backslashes: int, *, final: bool) -> Token | None:
        """A tag, an escaped bracket, or a stray one. None where it is too early to say."""
        if backslashes:
            if backslashes % 2:
                return self._take("text", "\\" * (backslashes // 2) + "[", backslashes + 1)
            return self._take("text", "\\" * (backslashes // 2), backslashes)
        if not final and _OPEN_TAG.match(self._buffer):
            return None
        tag = TAG.match(self._buffer)
        if tag is None:
            return self._text(1)
        if not final and tag.end() == len(self._buffer):
            return None  # what follows tells links from tags
        argument = tag["argument"]
        linked = self._buffer[tag.end() : tag.end() + 1] in ("(", "[", ":")
        return self._take(
            "tag",
            tag["name"].lower(),
            tag.end(),
            argument=None if argument is None else argument.strip(),
            closing=bool(tag["close"]),
            linked=linked,
        )

    def _text(self, length: int) -> Token:
        return self._take("text", self._buffer[:length], length)

    def _take(
        self,
        kind: str,
        value: str,
        length: int,
        *,
        at_line_start: bool = False,
        argument: str | None = None,
        closing: bool = False,
        linked: bool = False,
    ) -> Token:
        gone, self._buffer = self._buffer[:length], self._buffer[length:]
        token = Token(kind, value, self._line, self._column, argument, closing, gone, linked)
        if newlines := gone.count("\n"):
            self._line += newlines
            self._column = 1 + len(gone) - gone.rfind("\n") - 1
        else:
            self._column += len(gone)
        self._at_line_start = at_line_start or gone.endswith("\n")
        if kind == "text":
            self._dialogue.say(value)
        return token
