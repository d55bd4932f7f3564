"""Writes a text of a given length, sentence by sentence.

A small model cannot count its words. So it is asked for a few sentences at a time; we count as they come, stop before
the text gets too long, ask for more while it is too short, and choose an end among several that makes the length right.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations

from paksatalker.core.engines import Sampling
from paksatalker.core.text.sentences import sentences as cut
from paksatalker.core.text.writing import prompts
from paksatalker.core.text.writing.asking import Desk, Malformed, refusal
from paksatalker.core.text.writing.form import REPETITION, Form
from paksatalker.core.text.writing.length import TOLERANCE, SpeakingRate
from paksatalker.errors import WritingFailed

#: Inside of the tolerance, so that the voice may be a little faster or slower than we think.
_CLOSE, _WITHIN = 0.09, TOLERANCE - 0.02
_WHOLE = 14.0  # seconds up to which a text is asked for in one go
_ENDING = (4.0, 7.0)  # shortest and longest time that is kept for the end, seconds
_USUAL_WORDS = 13  # of a sentence that is easy to say
_LETTERS = 6.0  # of a word, with the space after it
_BATCH = 10  # sentences asked for at once
_CONTEXT = 8  # sentences of the text so far that the model is shown
_POOL, _TOGETHER = 12, 6  # sentences of several attempts, and how many of them may make an end
_CANDIDATES = 6  # ends that are tried
_EMPTY_ANSWERS = 4  # in a row, after which the model has nothing more to say
_ALPHABETIC = 13.0  # characters a second: slower languages have letters that take more tokens
_MALFORMED = 2  # "validated, retried once, then refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A text that is wanted.

    Attributes:
        task: What it is to be.
        seconds: How long it takes to say.
        rate: How fast the voice is.
    """

    task: prompts.Task
    seconds: float
    rate: SpeakingRate


class Draft:
    """A text that is being written.

    Args:
        desk: Where the model is asked.
        order: What is wanted.
    """

    def __init__(self, desk: Desk, order: Order) -> None:
        self._desk = desk
        self._order = order
        self._form = Form(order.task.language, order.task.brief)  # what a document holds is not taken over unseen
        self.said: list[str] = []
        self.seconds = 0.0

    def sentences(self) -> Iterator[str]:
        """Writes; each sentence is final when it is yielded.

        Raises:
            WritingFailed: The model does not write usable sentences, or none of the right length.
        """
        if self._order.seconds > _WHOLE:
            yield from self._body()
        yield from self._end()

    # --- the body ----------------------------------------------------------------------------------------------------
    def _body(self) -> Iterator[str]:
        kept = min(max(0.15 * self._order.seconds, _ENDING[0]), _ENDING[1])
        empty = malformed = 0
        while self._left() - kept > 0.6 * self._usual():
            before, reason = len(self.said), ""
            with closing(self._asked(self._left() - kept, empty)) as found:
                for sentence, problem in found:
                    if problem:
                        reason = problem
                        continue
                    if self._cost(sentence) > self._left() - 0.6 * kept:
                        reason = "a sentence that is too long"
                        continue
                    yield self._say(sentence)
                    if self._left() - kept <= 0.6 * self._usual():
                        break
            if len(self.said) > before:
                empty = malformed = 0
                continue
            empty += 1
            malformed += reason != REPETITION
            if malformed >= _MALFORMED and not self.said:
                raise refusal(reason or "an empty answer")
            if malformed >= _MALFORMED or empty >= _EMPTY_ANSWERS:
                return  # it has nothing new to say; maybe there is an end that makes the length right

    def _asked(self, seconds: float, empty: int) -> Generator[tuple[str, str], None, None]:
        """New sentences, each with what is wrong with it; the last may be empty, with what is wrong with the answer."""
        order = self._order
        count = min(max(round(seconds / self._usual()), 1), _BATCH)
        said = self.said[-_CONTEXT:]
        messages = prompts.body(order.task, said, count, count * _USUAL_WORDS)
        try:
            with closing(self._desk.sentences(messages, 1, count, self._sampling(count, empty))) as answer:
                for raw in answer:
                    for sentence in self._cut(raw):
                        yield sentence, self._form.problem(sentence, self.said)
        except Malformed as error:
            yield "", str(error)

    # --- the end -----------------------------------------------------------------------------------------------------
    def _end(self) -> Iterator[str]:
        """Chooses sentences that make the length right, out of what several attempts gave."""
        pool: list[str] = []
        best: tuple[str, ...] = ()
        scale, reason, malformed = 1.0, "no end of the right length", 0
        for attempt in range(_CANDIDATES):
            found, problem = self._candidate(scale, attempt, pool)
            if not found:
                reason = problem or reason
                malformed += problem != REPETITION
                if malformed >= _MALFORMED and not pool:
                    raise refusal(problem)
                continue
            pool += found
            sizes = range(1, _TOGETHER + 1)
            choices = [tuple(found), *(c for size in sizes for c in combinations(pool[-_POOL:], size))]
            best = min((best, *choices), key=self._miss)
            if self._miss(best) <= _CLOSE:
                break
            scale = min(max(scale * self._left() / max(sum(map(self._cost, found)), 0.1), 0.4), 2.5)
        if self._miss(best) > _WITHIN:
            raise _wrong_length(self._order.seconds, self._order.seconds - self._left(), reason)
        for sentence in best:
            yield self._say(sentence)

    def _candidate(self, scale: float, attempt: int, pool: list[str]) -> tuple[list[str], str]:
        """Sentences that could be the end, or what is wrong with the answer."""
        order = self._order
        count = max(1, round(self._left() / self._usual()))
        letters = (self._left() - count * order.rate.pause) * order.rate.characters
        words = max(3, round(scale * letters / _LETTERS))
        said, task = self.said[-_CONTEXT:], order.task
        messages = prompts.ending(task, said, count, words, attempt) if said else prompts.whole(task, count, words)
        found: list[str] = []
        try:
            with closing(self._desk.sentences(messages, 1, count + 1, self._sampling(count + 1, attempt))) as answer:
                for sentence in (sentence for raw in answer for sentence in self._cut(raw)):
                    problem = self._form.problem(sentence, [*self.said, *pool, *found])
                    if problem and not found:
                        return [], problem
                    if not problem:
                        found.append(sentence)
        except Malformed as error:
            return found, str(error)
        return found, "" if found else "an empty answer"

    # --- counting ----------------------------------------------------------------------------------------------------
    def _cut(self, raw: str) -> list[str]:
        """A model may put several sentences where one was asked for."""
        return [self._form.tidy(utterance.text) for utterance in cut(raw)] or [""]

    def _say(self, sentence: str) -> str:
        self.said.append(sentence)
        self.seconds += self._cost(sentence)
        return sentence

    def _cost(self, sentence: str) -> float:
        return self._order.rate.seconds(sentence)

    def _usual(self) -> float:
        """Seconds of a usual sentence."""
        return _USUAL_WORDS * _LETTERS / self._order.rate.characters + self._order.rate.pause

    def _left(self) -> float:
        return self._order.seconds - self.seconds

    def _miss(self, more: Sequence[str]) -> float:
        """How far the text with these sentences is from the length asked for, as a share of it."""
        return abs(self._left() - sum(map(self._cost, more))) / self._order.seconds

    def _sampling(self, count: int, attempt: int) -> Sampling:
        """Bolder with each attempt that gave nothing."""
        tokens = 100 if self._order.rate.characters > _ALPHABETIC else 200
        boldness = min(0.1 * attempt, 0.4)
        return Sampling(temperature=0.7 + boldness, max_tokens=64 + count * tokens, penalty=0.4 + boldness)


def _wrong_length(wanted: float, got: float, reason: str) -> WritingFailed:
    return WritingFailed(
        f"the language model did not write a text of {wanted:g} s",
        f"what it wrote takes about {got:.0f} s ({reason})",
        "Try another --seed or --length, a longer brief, or a larger model: see docs/writing.md",
    )
