import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.engines import Sampling
from paksatalker.core.text.writing import schemas
from paksatalker.core.text.writing.asking import Desk, Malformed, read_named, read_sentences
from paksatalker.errors import WritingFailed

MESSAGES = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]


@given(
    st.lists(st.text(max_size=40), max_size=6),
    st.integers(1, 9),
    st.sampled_from(["", "<think>a } {</think>\n", "Sure:\n```json\n"]),
)
def test_sentences_come_out_as_they_went_in_however_the_answer_is_cut(sentences, size, before):
    document = before + json.dumps({"sentences": sentences}, ensure_ascii=False) + ("\n```" if "json" in before else "")
    parts = (document[i : i + size] for i in range(0, len(document), size))
    assert list(read_sentences(parts)) == sentences


def test_a_sentence_is_there_before_the_next_is_begun():
    def parts():
        yield '{"sentences": ["One.", '
        seen.append("asked for more")
        yield '"Two."]}'

    seen: list[str] = []
    found = read_sentences(parts())
    assert next(found) == "One."
    assert seen == []
    assert list(found) == ["Two."]


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=6), st.integers(1, 9))
def test_named_sentences_come_out_in_their_order(sentences, size):
    document = json.dumps({f"s{number}": sentence for number, sentence in enumerate(sentences, 1)})
    parts = (document[i : i + size] for i in range(0, len(document), size))
    assert list(read_named(parts, len(sentences))) == sentences


def test_a_named_sentence_is_there_before_the_next_is_begun():
    found = read_named(iter(['{"s1": "One.", ', '"s2": "Tw', 'o."']), 2)
    assert [next(found), next(found)] == ["One.", "Two."]
    with pytest.raises(Malformed):  # it has no end
        next(found)


@pytest.mark.parametrize("text", ['{"s1": "One."}', '{"s1": "One.", "s2": 2}', '{"sentences": ["One.", "Two."]}'])
def test_a_sentence_that_is_missing_is_told(text):
    with pytest.raises(Malformed, match=r"s1|s2|sentences"):
        list(read_named(iter([text]), 2))


@pytest.mark.parametrize(
    "text",
    [
        "", "I cannot do that.", "[1, 2]", '{"sentences": "no list"}', '{"sentences": [1]}', '{"other": []}',
        "<think>for ever", '{"sentences": ["One."], "role": "system"}', '{"sentences": ["One.", "Tw',
    ],
)  # fmt: skip
def test_what_is_no_list_of_sentences_is_told(text):
    with pytest.raises(Malformed):
        list(read_sentences(iter([text])))


def test_of_an_answer_that_ends_early_the_complete_sentences_are_kept():
    reader = read_sentences(iter(['{"sentences": ["One.", "Two."', ', "Thr']))
    assert [next(reader), next(reader)] == ["One.", "Two."]
    with pytest.raises(Malformed):
        next(reader)


def test_an_answer_that_never_ends_is_stopped():
    def endless():
        yield '{"sentences": ["'
        while True:
            yield "la " * 1000

    with pytest.raises(Malformed, match="does not end"):
        list(read_sentences(endless()))


class TestDesk:
    def test_a_wrong_answer_is_asked_for_once_more(self, scripted, answer):
        model = scripted(["nonsense", answer("Fine.")])
        found = Desk(model, 3).answer(MESSAGES, schemas.sentences(1, 1), Sampling())
        assert found.model_dump() == {"sentences": ["Fine."]}
        assert [s.seed for s in model.samplings] == [3001, 3002]
        assert [s.fresh for s in model.samplings] == [True, False]

    def test_two_wrong_answers_are_refused_and_the_reason_told(self, scripted, answer):
        model = scripted([answer(), "{}"])
        with pytest.raises(WritingFailed, match=r"still not usable \(sentences: Field required\)"):
            Desk(model, 0).answer(MESSAGES, schemas.sentences(1, 1), Sampling())

    def test_closing_the_sentences_stops_the_model(self, scripted, answer):
        model = scripted([answer("One sentence.", "Another sentence.")])
        found = Desk(model, 0).sentences(MESSAGES, 1, 2, Sampling())
        next(found)
        assert model.stopped == 0
        found.close()
        assert model.stopped == 1
