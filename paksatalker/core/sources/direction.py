"""From what the user wrote to the sentences that are spoken: notation, dictionary, emotions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from paksatalker.core.request import SpeechRequest
from paksatalker.core.text.dictionary import Dictionary
from paksatalker.core.text.emoji import feeling_of, with_names, without_emoji
from paksatalker.core.text.language import assign_languages
from paksatalker.core.text.load import load_text
from paksatalker.core.text.markup import parse_markup
from paksatalker.core.text.mood import mood_of
from paksatalker.core.text.normalise import normalise
from paksatalker.core.text.script import Script
from paksatalker.core.text.ssml import is_ssml, parse_ssml
from paksatalker.core.text.utterances import cut_script, readable_script
from paksatalker.core.timeline import Utterance

_SHOWN = 10  # warnings that are told one by one
_AUTO = "auto"
_OPEN = "open"  # no emotion is given, so that emoji may give one; else it is neutral


@dataclass(frozen=True, slots=True)
class DirectedText:
    """A text that is ready to be spoken.

    Attributes:
        script: With clean text.
        notes: What the user should know, one sentence each.
        language: What all of it is written in, where the user said so; None looks at each sentence.
        expected: What a sentence is taken to be written in that does not tell.
        emoji: What becomes of emoji, one of :data:`~paksatalker.core.options.EMOJI`.
    """

    script: Script
    dictionary: Dictionary
    notes: tuple[str, ...]
    language: str | None = None
    expected: str = "en"
    emoji: str = "skip"

    def respelled(self) -> Iterator[Utterance]:
        """The sentences as script and dictionary have them said, numbers and the like as written: quickly made."""
        return map(self.dictionary.apply, cut_script(self.script))

    def sentences(self) -> Iterator[Utterance]:
        """The sentences with all direction, made as they are asked for."""
        told = assign_languages(cut_script(self.script), self.language, self.expected)
        for utterance in map(normalise, map(self._with_emoji, map(self.dictionary.apply, told))):
            if utterance.emotion == _AUTO:
                emotion, intensity = mood_of(utterance.text)
                yield replace(utterance, emotion=emotion, intensity=intensity * utterance.intensity)
            else:
                yield utterance

    def _with_emoji(self, utterance: Utterance) -> Utterance:
        """Has emoji read, or takes them out; with the emotion that they give where none is given."""
        given = utterance.emotion not in (_OPEN, _AUTO)
        feeling = feeling_of(utterance.text) if self.emoji == "feel" and not given else None
        plain = with_names(utterance, self.expected) if self.emoji == "read" else without_emoji(utterance)
        if not plain.readings and not any(map(str.isalnum, plain.text)):
            plain = replace(plain, text="")
        if feeling is not None:
            return replace(plain, emotion=feeling[0], intensity=feeling[1] * utterance.intensity)
        return replace(plain, emotion="neutral") if utterance.emotion == _OPEN else plain


def direct(
    request: SpeechRequest,
    text: str,
    language: str,
    max_characters: int,
    also: Callable[[], Iterable[str]] = tuple,
) -> DirectedText:
    """Reads a text as script markup, unless the request says that it is none.

    Args:
        request: What is asked for.
        text: What to say.
        language: What most of it is written in.
        max_characters: Longest text taken.
        also: Other languages that voices here speak; asked for only where the text has letters of another script.

    Raises:
        TextEmpty: Nothing to say.
        TextTooLong: More characters than allowed.
        TextUnspeakable: In a script that the voice cannot read.
        ScriptInvalid: It is SSML that is not well-formed.
        InvalidOption: The dictionary holds a line that is no entry.
    """
    named = None if request.language == "auto" else language
    # Emoji give an emotion where neither the request nor the script does.
    emotion = _OPEN if request.emotion == "neutral" else request.emotion
    start = Utterance("", emotion, request.emotion_intensity, language=named or "")
    script = read_script(text, start) if request.markup else Script((replace(start, text=text),))
    readable, notes = readable_script(
        script, language, max_characters, also, emoji=request.emoji != "skip", named=request.emoji == "read"
    )
    dictionary, notes = _dictionary(request), [*notes, *_notes(readable)]
    return DirectedText(readable, dictionary, tuple(notes), named, language, request.emoji)


def read_script(text: str, start: Utterance | None = None) -> Script:
    """Reads SSML where the text begins with ``<speak``, else our markup.

    Raises:
        ScriptInvalid: It begins as SSML and is not well-formed.
    """
    return parse_ssml(text, start) if is_ssml(text) else parse_markup(text, start)


def _dictionary(request: SpeechRequest) -> Dictionary:
    entries: dict[str, tuple[str, bool]] = {}
    if request.dictionary is not None:
        path = Path(request.dictionary)
        entries |= Dictionary.read(load_text(path).split("\n"), path.name).entries
    entries |= Dictionary.read(request.pronounce, "--pronounce").entries
    return Dictionary(entries)


def _notes(script: Script) -> list[str]:
    notes = [str(warning) for warning in script.warnings[:_SHOWN]]
    if (more := len(script.warnings) - _SHOWN) > 0:
        notes.append(f"{more} more warnings about the script (see: paksatalker script check)")
    kinds = [cue.kind for _, cue in script.cues()]
    for kind in dict.fromkeys(kinds):
        count = kinds.count(kind)
        cues = f"{count} {kind} {'cue is' if count == 1 else 'cues are'}"
        acted = "a heading that is not spoken" if count == 1 else "headings that are not spoken"
        notes.append(f"{cues} {acted if kind == 'scene' else 'not yet acted on'}")
    return notes
