"""Scripts cut into the sentences that are spoken one by one, each with its direction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import zip_longest

from paksatalker.config.limits import MAX_TEXT_CHARACTERS
from paksatalker.core.text.anchors import ANCHORS, rewrite
from paksatalker.core.text.clean import clean_text, readable_for
from paksatalker.core.text.markup import MarkupReader
from paksatalker.core.text.script import Script
from paksatalker.core.text.sentences import CLAUSE_PAUSE, PARAGRAPH_PAUSE, WORD_PAUSE, Sentence, Splitter
from paksatalker.core.timeline import StageCue, Utterance

_SENTENCE_ENDS = frozenset(".!?…。！？｡")
_CLOSERS = "\"'”’»)]」』）*_"
_CLAUSE_ENDS = frozenset(",;:—–")


def readable_script(
    script: Script,
    language: str = "en-US",
    max_characters: int = MAX_TEXT_CHARACTERS,
    also: Callable[[], Iterable[str]] = tuple,
    *,
    emoji: bool = False,
    named: bool = False,
) -> tuple[Script, list[str]]:
    """Cleans the text of a script and checks that a voice of this language can read it.

    Args:
        script: As it was parsed.
        language: BCP-47 tag of the voice.
        max_characters: Longest text taken.
        also: Other languages that voices speak, see :func:`~paksatalker.core.text.clean.readable_for`.
        emoji: Whether emoji stay in the text.
        named: Whether they are words to be said then.

    Returns:
        The script with clean text, and warnings about what was left out.

    Raises:
        TextEmpty: Nothing but white space.
        TextTooLong: More characters than allowed.
        TextUnspeakable: No word in it, or most of it in a script that the voice cannot read.
    """
    notes: list[str] = []
    if len(script.text) > max_characters or not script.text.strip():
        readable_for(script.text, language, max_characters)  # says what is wrong

    def clean(text: str) -> str:
        readable = readable_for(text, language, len(text), ANCHORS, also, emoji=emoji, named=named)
        notes.extend(readable.warnings)
        return readable.text

    return replace(script, utterances=rewrite(script.utterances, clean)), notes


def cut_script(script: Script) -> Iterator[Utterance]:
    """Cuts a script into sentences. A sentence inside of marked text keeps its direction.

    Yields:
        Utterances with their pauses; those with an empty text are pauses alone. Cues that stand after the last word of
        a sentence belong to the next.
    """
    cutter = _Cutter(emoji=True)
    for utterance, following in zip_longest(script.utterances, script.utterances[1:]):
        yield from cutter.grow(utterance)
        yield from cutter.end(utterance, following)
    yield from cutter.close()


def stream_script(parts: Iterable[str], start: Utterance | None = None) -> Iterator[Utterance]:
    """Reads script markup as it is written and yields its sentences as soon as they are complete.

    Unlike a whole text, one that is still being written is cleaned sentence by sentence.

    Args:
        parts: The script, in parts of any size.
        start: Direction at the beginning; None for the neutral one.
    """
    reader, cutter, done = MarkupReader(start), _Cutter(), 0

    def read(*, final: bool) -> Iterator[Utterance]:
        nonlocal done
        finished, open_one = reader.builder.finished, reader.builder.open
        # The pause after the last finished one may still grow, and what follows it is not known yet.
        while done + 1 < len(finished) or (done < len(finished) and (final or open_one.text or open_one.cues)):
            following = finished[done + 1] if done + 1 < len(finished) else None if final else open_one
            yield from cutter.grow(finished[done])
            yield from cutter.end(finished[done], following)
            done += 1
        if done == len(finished) and not final:
            yield from cutter.grow(open_one)

    for part in parts:
        reader.feed(part)
        yield from map(_clean, read(final=False))
    reader.close()
    yield from map(_clean, read(final=True))
    yield from map(_clean, cutter.close())


def _clean(utterance: Utterance) -> Utterance:
    return rewrite([utterance], lambda text: clean_text(text, ANCHORS))[0] if utterance.text else utterance


class _Cutter:
    """Cuts one utterance of a script after the other into sentences, while it grows."""

    def __init__(self, *, emoji: bool = False) -> None:
        self._emoji = emoji  # whether emoji without words are a sentence
        self._splitter = Splitter(emoji=emoji)
        self._fed = 0
        self._cues = 0  # of this utterance that are given to a sentence
        self._early: tuple[StageCue, ...] = ()  # after the last word of an utterance before

    def grow(self, utterance: Utterance) -> Iterator[Utterance]:
        """Takes the same utterance with more text."""
        text = utterance.text[self._fed :]
        self._fed = len(utterance.text)
        for sentence in self._splitter.feed(text):
            yield self._cut(utterance, sentence)

    def end(self, utterance: Utterance, following: Utterance | None) -> Iterator[Utterance]:
        """The utterance is complete and this one follows."""
        last = list(self._splitter.close())
        for sentence in last[:-1]:
            yield self._cut(utterance, sentence)
        if last:
            pause = _last_pause(last[-1], utterance, following)
            yield replace(self._cut(utterance, last[-1]), pause_after=pause)
        elif utterance.pause_after:
            yield replace(utterance, text="", emphasis=(), readings=(), cues=())
        self._early += tuple(replace(cue, at=0) for cue in utterance.cues[self._cues :])
        self._splitter, self._fed, self._cues = Splitter(emoji=self._emoji), 0, 0

    def close(self) -> Iterator[Utterance]:
        """Yields the cues after all words, if there are any."""
        if self._early:
            yield Utterance("", cues=self._early)

    def _cut(self, whole: Utterance, sentence: Sentence) -> Utterance:
        """A sentence of an utterance with its part of the direction."""
        start, end = sentence.start, sentence.end

        def place(at: int) -> int:
            before = whole.text[start : max(start, min(at, end))]
            words = " ".join(before.split())
            return min(len(words) + bool(words and before[-1].isspace()), len(sentence.text))

        spans = ((place(a), place(b)) for a, b in whole.emphasis if a < end and b > start)
        readings = (
            replace(r, start=place(r.start), end=place(r.end)) for r in whole.readings if start <= r.start < end
        )
        first = self._cues
        while self._cues < len(whole.cues) and whole.cues[self._cues].at < end:
            self._cues += 1
        cues = (replace(cue, at=place(cue.at)) for cue in whole.cues[first : self._cues])
        early, self._early = self._early, ()
        return replace(
            whole,
            text=sentence.text,
            pause_after=sentence.pause,
            emphasis=tuple(span for span in spans if span[1] > span[0]),
            readings=tuple(reading for reading in readings if reading.end > reading.start),
            cues=(*early, *cues),
        )


def _last_pause(sentence: Sentence, whole: Utterance, following: Utterance | None) -> float:
    """The pause after the last sentence of an utterance: what the script says, else what the text asks for."""
    if whole.pause_after:
        return whole.pause_after
    if following is None:
        return sentence.pause
    if following.cues and following.cues[0].kind == "scene":
        return max(sentence.pause, PARAGRAPH_PAUSE)
    mark = sentence.text.rstrip(_CLOSERS)[-1:]
    if "\n" in whole.text[sentence.end :] or following.speaker != whole.speaker or mark in _SENTENCE_ENDS:
        return sentence.pause
    return CLAUSE_PAUSE if mark in _CLAUSE_ENDS else WORD_PAUSE
