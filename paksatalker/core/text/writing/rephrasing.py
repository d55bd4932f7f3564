"""Rewrites or translates a text, sentence for sentence.

Each sentence has its own answer, so that nothing is left out and paragraphs stay. A few are asked for at a time: memory
is flat in the length of the text, and the first sentence is there while the second is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from paksatalker.core.engines import Message, Sampling
from paksatalker.core.text.clean import clean_text
from paksatalker.core.text.sentences import Splitter
from paksatalker.core.text.writing.asking import Desk, Malformed, refusal
from paksatalker.core.text.writing.form import LONGEST, Form

_BATCH = 5  # sentences asked for at once
_BATCH_CHARACTERS = 900
_PIECE = 4096
#: Lengths of a sentence's new form, as a share of the old one plus some letters.
_LEAST, _MOST, _SOME = 0.2, 3.0, 40

_NUMBER = re.compile(r"\d(?:[\d.,:\u00a0\u202f]*\d)?")

Ask = Callable[[Sequence[str]], Sequence[Message]]


@dataclass(frozen=True, slots=True)
class _Part:
    """A sentence and the white space that stood before it."""

    space: str
    text: str


def rephrase(desk: Desk, text: str | Iterable[str], ask: Ask, language: str, *, changed: bool) -> Iterator[str]:
    """Writes each sentence of a text anew.

    Args:
        desk: Where the model is asked.
        text: The text; or its sentences.
        ask: Makes the question for some sentences.
        language: What the new sentences are to be written in.
        changed: Whether a longer sentence that comes back as it was is wrong.

    Yields:
        The new sentences, each with the white space that stood before the old one.

    Raises:
        WritingFailed: A sentence did not come out usable, even when asked for again.
    """
    batch: list[_Part] = []
    for part in _parts(text) if isinstance(text, str) else (_Part("", sentence) for sentence in text):
        if batch and (len(batch) == _BATCH or sum(len(p.text) for p in batch) + len(part.text) > _BATCH_CHARACTERS):
            yield from _answered(desk, batch, ask, language, changed=changed)
            batch = []
        batch.append(part)
    if batch:
        yield from _answered(desk, batch, ask, language, changed=changed)


def _answered(desk: Desk, batch: list[_Part], ask: Ask, language: str, *, changed: bool) -> Iterator[str]:
    """The new sentences of a batch. Where one is wrong, the rest is asked for once more."""
    failed = ""
    while batch:
        done = 0
        problem = "too few sentences"
        messages = ask([clean_text(part.text) or part.text for part in batch])
        try:
            with closing(desk.named(messages, len(batch), _sampling(batch, failed))) as answer:
                for part, raw in zip(batch, answer, strict=False):
                    form = Form(language, part.text)
                    sentence = form.tidy(raw)
                    problem = _problem(form, part.text, sentence, changed=changed)
                    problem = problem or ("" if failed else _doubt(part.text, sentence))
                    if problem:
                        break
                    yield part.space + sentence
                    done += 1
        except Malformed as error:
            problem = str(error)
        if done == len(batch):
            return
        if not done and failed:
            if len(batch) == 1:
                raise refusal(f"{problem}, for '{_shown(batch[0].text)}'")
            yield from _answered(desk, batch[:1], ask, language, changed=changed)  # alone it may go better
            done = 1
        failed = problem
        batch = batch[done:]


def _problem(form: Form, old: str, new: str, *, changed: bool) -> str:
    if problem := form.problem(new):
        return problem
    if len(new) > max(_MOST * len(old) + _SOME, LONGEST / 4) or len(new) + _SOME < _LEAST * len(old):
        return "a sentence of quite another length"
    if changed and new == form.tidy(old) and sum(map(str.isalpha, new)) > _SOME:
        return "a sentence that is not changed"
    return ""


def _doubt(old: str, new: str) -> str:
    """What may be wrong with a sentence: worth another try, but no refusal ("11" may have become "eleven")."""
    kept = "".join(map(_digits, _NUMBER.findall(new)))
    return "" if all(_digits(number) in kept for number in _NUMBER.findall(old)) else "a number is lost"


def _digits(number: str) -> str:
    return "".join(filter(str.isdecimal, number))


def _parts(text: str) -> Iterator[_Part]:
    """The sentences of a text with what is between them: single spaces and paragraph breaks."""
    splitter, end = Splitter(LONGEST), 0
    pieces = (text[i : i + _PIECE] for i in range(0, len(text), _PIECE))
    for sentence in (s for piece in pieces for s in splitter.feed(piece)):
        yield _Part(_space(text[end : sentence.start], first=end == 0), sentence.text)
        end = sentence.end
    for sentence in splitter.close():
        yield _Part(_space(text[end : sentence.start], first=end == 0), sentence.text)
        end = sentence.end


def _space(between: str, *, first: bool) -> str:
    if first:
        return ""
    return "\n" * min(between.count("\n"), 2) or " "


def _sampling(batch: Sequence[_Part], failed: str) -> Sampling:
    letters = sum(len(part.text) for part in batch)
    return Sampling(temperature=0.5 if failed else 0.2, max_tokens=128 + 2 * letters)


def _shown(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
