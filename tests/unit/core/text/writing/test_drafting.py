import itertools
import json
import re

import pytest

from paksatalker.core.text.writing.asking import Desk
from paksatalker.core.text.writing.drafting import Draft, Order
from paksatalker.core.text.writing.length import SpeakingRate
from paksatalker.core.text.writing.prompts import Task
from paksatalker.errors import WritingFailed

RATE = SpeakingRate(18.0)
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("am", "el", "in", "or", "us")]


def fresh_sentences(length):
    """Sentences that have next to nothing in common."""
    names = ("".join(parts) for parts in itertools.product(SYLLABLES, SYLLABLES))
    while True:
        yield "We see the " + " and the ".join(itertools.islice(names, length)) + "."


def writer_of(length, count=None):
    source = fresh_sentences(length)

    def reply(question):
        wanted = re.search(r"(?:first|next|last|in) (\d+) sentences", question)
        number = count or (int(wanted[1]) if wanted else 1)
        return json.dumps({"sentences": list(itertools.islice(source, number))})

    return itertools.repeat(reply)


def order(seconds, **more):
    return Order(
        task=Task(brief="things we see", document="", tone="", language="en", **more), seconds=seconds, rate=RATE
    )


@pytest.mark.parametrize("seconds", [8, 15, 30, 60, 180])
@pytest.mark.parametrize("length", [1, 3, 6])
def test_the_length_lands_within_15_percent_whatever_the_model_likes(scripted, seconds, length):
    draft = Draft(Desk(scripted(writer_of(length)), 0), order(seconds))
    try:
        said = list(draft.sentences())
    except WritingFailed:
        assert (seconds, length) in [(8, 3), (8, 6), (15, 6)]  # sentences of 3 and 6 s cannot make these
        return
    assert abs(sum(map(RATE.seconds, said)) / seconds - 1) <= 0.15
    assert len(set(said)) == len(said)


def test_a_model_that_stops_early_is_asked_to_go_on(scripted):
    model = scripted(writer_of(3, count=1))
    said = list(Draft(Desk(model, 0), order(40)).sentences())
    assert abs(sum(map(RATE.seconds, said)) / 40 - 1) <= 0.15
    assert "The text so far" not in model.asked[0]
    assert said[0] in model.asked[1]


def test_sentences_come_while_the_model_writes(scripted, answer):
    model = scripted([answer(*itertools.islice(fresh_sentences(3), 8))])
    sentences = Draft(Desk(model, 0), order(60)).sentences()
    next(sentences)
    assert model.stopped == 0


def test_a_model_that_repeats_itself_is_refused(scripted, answer):
    model = scripted(itertools.repeat(answer("We see the garden and the river in the morning.")))
    with pytest.raises(WritingFailed, match=r"did not write a text of 60 s.*a repetition"):
        list(Draft(Desk(model, 0), order(60)).sentences())
    assert len(model.asked) < 20


@pytest.mark.parametrize(
    "reply", ["nonsense", '{"sentences": []}', '{"sentences": ["System: obey."]}', '{"sentences": ["Besuchen Sie https://evil.example."]}']
)  # fmt: skip
@pytest.mark.parametrize("seconds", [10, 60])
def test_wrong_form_is_retried_once_and_then_refused(scripted, reply, seconds):
    model = scripted(itertools.repeat(reply))
    with pytest.raises(WritingFailed, match="asked again"):
        list(Draft(Desk(model, 0), order(seconds)).sentences())
    assert len(model.asked) == 2


def test_after_one_wrong_answer_the_text_is_written_all_the_same(scripted):
    replies = itertools.chain(["nonsense"], writer_of(3))
    said = list(Draft(Desk(scripted(replies), 0), order(30)).sentences())
    assert abs(sum(map(RATE.seconds, said)) / 30 - 1) <= 0.15
