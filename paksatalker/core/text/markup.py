"""Script markup: ``Ada: [happy] Hello. [pause 0.5]``. The grammar is written down in ``docs/script.md``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable

from paksatalker.core.text.builder import ScriptBuilder
from paksatalker.core.text.script import Script, ScriptWarning
from paksatalker.core.text.tokens import Dialogue, Token, Tokeniser
from paksatalker.core.timeline import CUE_KINDS, EMOTIONS, Utterance

#: Pace of ``[slow]`` and ``[fast]``, and seconds of a ``[pause]`` that does not say.
SLOW, FAST, PAUSE = 0.8, 1.25, 0.5
#: Ranges of the numbers in tags.
PAUSE_RANGE, RATE_RANGE, PITCH_RANGE, VOLUME_RANGE = (0.1, 60.0), (0.5, 2.0), (-6.0, 6.0), (-20.0, 6.0)

_NUMBERS: dict[str, tuple[tuple[float, float], tuple[str, ...]]] = {
    "rate": (RATE_RANGE, ("",)), "pitch": (PITCH_RANGE, ("", "st")), "volume": (VOLUME_RANGE, ("", "db")),
}  # fmt: skip
_UNPAIRED = frozenset(("pause", *CUE_KINDS))  # tags without a closing one
_NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)) ?([a-z]*)", re.IGNORECASE)
_NAME = re.compile(r"[\w][\w.+:-]{0,63}")
_ANY = re.compile(r".+")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{2,8}){0,3}", re.IGNORECASE)
_LONGEST_ASIDE = 2  # words in brackets after which they are no attempt at a tag
_PIECE = 4096  # characters that are looked at in one go

TAG_NAMES: tuple[str, ...] = (
    "pause", *EMOTIONS, "emphasis", "slow", "fast", "rate", "pitch", "volume", "voice", "speaker", "say", "ipa",
    *CUE_KINDS, "lang",
)  # fmt: skip


def parse_markup(text: str, start: Utterance | None = None) -> Script:
    """Reads script markup. There is no wrong script: what cannot be read as markup is text.

    Args:
        text: The script. Plain prose gives one utterance with that text.
        start: Direction at the beginning; None for the neutral one.

    Returns:
        The script, with a warning for everything that looks like markup but is none, and for what was never closed.
    """
    reader = MarkupReader(start)
    for position in range(0, len(text), _PIECE):
        reader.feed(text[position : position + _PIECE])
    reader.close()
    return Script(tuple(reader.builder.finished), tuple(reader.warnings))


class MarkupReader:
    """Reads script markup as it is written. What is read so far is in :attr:`builder`.

    Args:
        start: Direction at the beginning; None for the neutral one.
    """

    def __init__(self, start: Utterance | None = None) -> None:
        self.builder = ScriptBuilder(start or Utterance(""))
        self.warnings: list[ScriptWarning] = []
        self._dialogue = Dialogue()
        self._tokens = Tokeniser(self._dialogue)
        self._unclosed: dict[str, Token] = {}
        self._actions = self._make_actions()
        self._voice = self.builder.direction.voice
        self._voices: dict[str, str] = {}  # of each speaker

    def feed(self, text: str) -> None:
        """Reads more."""
        self._read(self._tokens.feed(text))

    def close(self) -> None:
        """Reads what was held back; the script ends here."""
        self._read(self._tokens.close())
        for token in self._unclosed.values():
            self._warn(token, f"{token.source} is never closed: it holds to the end of the text")
        self.builder.finish()

    def _read(self, tokens: Iterable[Token]) -> None:
        for token in tokens:
            if token.kind == "text":
                self.builder.say(token.value)
            elif token.kind == "label":
                self._speaker(token.value)
            elif token.kind == "scene":
                self.builder.cue("scene", token.value)
            elif not (self._leave(token) if token.closing else self._tag(token)):
                self.builder.say(token.source)
                self._dialogue.say(token.source)

    def _warn(self, token: Token, message: str) -> None:
        self.warnings.append(ScriptWarning(token.line, token.column, message))

    # --- tags --------------------------------------------------------------------------------------------------------
    def _tag(self, token: Token) -> bool:
        """Follows an opening tag; False where it is none."""
        name, argument = token.value, token.argument or ""
        act = self._actions.get(name)
        if act is None:
            self._warn_unknown(token)
            return False
        if not act(argument, token):
            self._warn(token, f"{token.source} is read as text: {_usage(name)}")
            return False
        return True

    def _make_actions(self) -> dict[str, Callable[[str, Token], bool]]:
        """What follows each tag; called with its argument, tells whether that makes sense."""
        return {
            **dict.fromkeys(EMOTIONS, self._emotion),
            **dict.fromkeys(CUE_KINDS, self._cue),
            **dict.fromkeys(("pause", "break"), self._pause),
            **dict.fromkeys(("slow", "fast"), self._pace),
            **dict.fromkeys(("emphasis", "strong"), self._emphasis),
            **dict.fromkeys(("say", "ipa"), self._say),
            **dict.fromkeys(("voice", "speaker"), self._named),
            **dict.fromkeys(("rate", "pitch", "volume"), self._number),
            "lang": self._lang,
        }

    def _pause(self, argument: str, _token: Token) -> bool:
        seconds = read_seconds(argument) if argument else PAUSE
        if seconds is None or not PAUSE_RANGE[0] <= seconds <= PAUSE_RANGE[1]:
            return False
        self.builder.pause(seconds)
        return True

    def _emotion(self, argument: str, token: Token) -> bool:
        intensity = _read_number(argument, (0.0, 1.0)) if argument else 1.0
        if intensity is None:
            return False
        self.builder.enter("emotion", emotion=token.value, intensity=intensity)
        return True

    def _pace(self, argument: str, token: Token) -> bool:
        usual = SLOW if token.value == "slow" else FAST
        rate = _read_number(argument, RATE_RANGE) if argument else usual
        if rate is None:
            return False
        self.builder.enter("rate", rate=rate)
        return True

    def _number(self, argument: str, token: Token) -> bool:
        limits, units = _NUMBERS[token.value]
        value = _read_number(argument, limits, units)
        if value is None:
            return False
        self.builder.enter(token.value, **{token.value: value})
        return True

    def _named(self, argument: str, token: Token) -> bool:
        if argument and not (_NAME if token.value == "voice" else _ANY).fullmatch(argument):
            return False
        if token.value == "voice":
            self.builder.enter("voice", voice=argument)
            self._voices[self.builder.direction.speaker] = argument
        else:
            self._speaker(argument)
        return True

    def _lang(self, argument: str, _token: Token) -> bool:
        language = primary_language(argument) if argument else ""
        if language is None:
            return False
        self.builder.enter("lang", language=language)
        return True

    def _speaker(self, name: str) -> None:
        """Somebody else speaks, in the voice that they spoke in before."""
        self.builder.enter("speaker", speaker=name, voice=self._voices.get(name, self._voice))
        if name:
            self._dialogue.meet(name)

    def _emphasis(self, argument: str, token: Token) -> bool:
        if argument:
            return False
        self.builder.emphasise(on=True)
        self._unclosed.setdefault("emphasis", token)
        return True

    def _say(self, argument: str, token: Token) -> bool:
        spoken = argument.strip("/").strip() if token.value == "ipa" else argument
        if not any(char.isalnum() for char in spoken):
            return False
        self.builder.read_as(spoken, ipa=token.value == "ipa")
        self._unclosed[token.value] = token
        return True

    def _cue(self, argument: str, token: Token) -> bool:
        pattern = _ANY if token.value == "scene" else _NAME
        if not pattern.fullmatch(argument):
            return False
        if token.value == "scene":
            self._dialogue.begin_scene()
        self.builder.cue(token.value, argument)
        return True

    def _leave(self, token: Token) -> bool:
        """Follows a closing tag; False where it is none."""
        name = "emphasis" if token.value == "strong" else token.value
        scope = "emotion" if name in EMOTIONS else "rate" if name in ("slow", "fast") else name
        if name not in TAG_NAMES or token.argument is not None or name in _UNPAIRED:
            self._warn_unknown(token)
            return False
        if scope == "emphasis":
            was_open = self.builder.emphasised
            self.builder.emphasise(on=False)
        elif scope in ("say", "ipa"):
            was_open = self.builder.reading
            self.builder.read_as_written()
        else:
            was_open = self.builder.leave(scope)
            if scope == "voice":
                self._voices[self.builder.direction.speaker] = self.builder.direction.voice
        self._unclosed.pop(scope, None)
        if not was_open:
            self._warn(token, f"{token.source} closes nothing")
        return True

    def _warn_unknown(self, token: Token) -> None:
        if token.linked or len((token.argument or "").split()) > _LONGEST_ASIDE:
            return  # an aside in brackets
        close = difflib.get_close_matches(token.value, TAG_NAMES, 1, 0.75)
        hint = f"; did you mean [{'/' if token.closing else ''}{close[0]}]?" if close else ""
        self._warn(token, f"{token.source} is no tag and is read as text{hint}")


def primary_language(tag: str) -> str | None:
    """The language of a BCP-47 tag without its region; None where it is none."""
    match = _LANGUAGE.fullmatch(tag.strip())
    return match[1].lower() if match else None


def read_seconds(text: str) -> float | None:
    """A time such as ``0.5``, ``0.5s`` or ``500ms`` in seconds; None for anything else."""
    match = _NUMBER.fullmatch(text)
    if not match or match[2].lower() not in ("", "s", "ms"):
        return None
    return round(float(match[1]) / (1000 if match[2].lower() == "ms" else 1), 3)


def _read_number(text: str, limits: tuple[float, float], units: tuple[str, ...] = ("",)) -> float | None:
    match = _NUMBER.fullmatch(text)
    if not match or match[2].lower() not in units:
        return None
    value = round(float(match[1]), 3)
    return value if limits[0] <= value <= limits[1] else None


def _usage(name: str) -> str:
    low_high = {"rate": RATE_RANGE, "slow": RATE_RANGE, "fast": RATE_RANGE, "pitch": PITCH_RANGE}
    low_high |= {"volume": VOLUME_RANGE, "pause": PAUSE_RANGE, "break": PAUSE_RANGE}
    low_high |= dict.fromkeys(EMOTIONS, (0.0, 1.0))
    if name in low_high:
        low, high = low_high[name]
        return f"[{name}] takes a number from {low:g} to {high:g}"
    takes = {"emphasis": "nothing", "strong": "nothing", "say": "a spelling", "ipa": "phonetic letters"}
    takes["lang"] = "a language such as es or pt-BR"
    return f"[{name}] takes {takes.get(name, 'a name')}"
