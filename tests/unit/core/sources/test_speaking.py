from collections.abc import Iterable, Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.sources.speaking import speak_directed
from paksatalker.core.timeline import Reading, Speech, Utterance, Word


def voice(utterances: Iterable[Utterance]) -> Iterator[Speech]:
    """Says a word a second."""
    for utterance in utterances:
        words = tuple(Word(text, i, i + 1) for i, text in enumerate(utterance.text.split()))
        yield Speech(np.zeros(8, np.float32), 8, words=words, text=utterance.text)


def test_words_come_back_as_written() -> None:
    said = []

    def spy(utterances: Iterable[Utterance]) -> Iterator[Speech]:
        for piece in voice(utterances):
            said.append(piece.text)
            yield piece

    text = "See New York, Paksa."
    readings = (Reading(4, 12, "nuːjɔːk", ipa=True), Reading(14, 19, "Pack sah"))
    (piece,) = speak_directed(spy, [Utterance(text, readings=readings, emphasis=((14, 19),))])
    assert said == ["See [NewYork](/nuːjɔːk/), Pack sah."]
    assert piece.text == text
    assert piece.words == (Word("See", 0, 1), Word("New York,", 1, 2), Word("Paksa.", 2, 4, emphasised=True))


@given(st.lists(st.text("ab ,.-", max_size=12), max_size=5))
def test_plain_text_is_left_alone(texts: list[str]) -> None:
    utterances = [Utterance(" ".join(t.split()), pause_after=0.3) for t in texts]
    said = [(piece.text, piece.words) for piece in speak_directed(voice, utterances)]
    assert said == [(piece.text, piece.words) for piece in voice(utterances)]
