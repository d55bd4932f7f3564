from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.cues import MAX_SECONDS, columns, cut_cues, wrap
from paksatalker.core.timeline import Speech, Word


def spoken(text: str, start: float = 0.0, pace: float = 0.07) -> Speech:
    """The text said at an even pace, with a rest after every sentence."""
    words, now = [], start
    for word in text.split():
        end = now + pace * len(word) + 0.05
        words.append(Word(word, now, end))
        now = end + (0.4 if word[-1] in ".!?" else 0.0)
    samples = np.zeros(round((now - start + 0.5) * 1000), np.float32)
    return Speech(samples, 1000, start=start, words=tuple(words), text=text)


def test_short_sentence_is_one_line() -> None:
    (cue,) = cut_cues(spoken("Hello there, world."))
    assert cue.lines == ("Hello there, world.",)
    assert cue.start == 0


def test_sentences_get_their_own_cues() -> None:
    cues = cut_cues(spoken("This is the first sentence of two sentences here. And this one is the second of the two."))
    assert [" ".join(c.lines).split()[-1] for c in cues] == ["here.", "two."]


def test_lines_are_cut_at_commas_and_before_conjunctions() -> None:
    (cue,) = cut_cues(spoken("You type a sentence and I say it, because I can talk."))
    assert cue.lines[0].endswith(",")


def test_titles_do_not_end_a_cue() -> None:
    cues = cut_cues(
        spoken("We met the famous and well known Dr. Smith at her house by the sea in the old harbour town.")
    )
    assert not any(c.text.endswith("Dr.") for c in cues)


def test_cue_lingers_but_not_beyond_the_next_or_the_piece() -> None:
    piece = spoken("Yes.", start=10.0)
    (cue,) = cut_cues(piece)
    assert cue.start == 10
    assert piece.words[-1].end < cue.end <= piece.end


def test_no_words_no_cues() -> None:
    assert cut_cues(Speech(np.zeros(10, np.float32), 10)) == ()
    assert cut_cues(Speech(np.zeros(10, np.float32), 10, words=(Word("", 0, 1), Word("  ", 0, 1)))) == ()


def test_long_words_are_cut() -> None:
    cues = cut_cues(spoken("https://" + "example" * 20))
    assert "".join("".join(c.lines) for c in cues).replace(" ", "") == "https://" + "example" * 20


def test_wide_scripts() -> None:
    assert columns("日本") == 4
    assert columns("e\u0301") == 1
    assert wrap(["日本", "語"], 10) == ("日本語",)
    assert wrap(["日本", "and", "語"], 20) == ("日本 and 語",)


word = st.text(st.sampled_from("abcdefgh,.!?漢é"), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(word, st.floats(0.01, 3), st.floats(0, 2)), max_size=60), st.integers(8, 42))
def test_cues_hold_their_limits_and_lose_nothing(said, limit) -> None:
    words, now = [], 5.0
    for text, length, gap in said:
        words.append(Word(text, now, now + length))
        now += length + gap
    piece = Speech(np.zeros(int((now - 5) * 100) + 100, np.float32), 100, start=5.0, words=tuple(words))
    cues = cut_cues(piece, limit)
    for cue in cues:
        assert 1 <= len(cue.lines) <= 2
        assert all(columns(line) <= limit for line in cue.lines)
        assert 0 < cue.end - cue.start <= MAX_SECONDS + 0.5
        assert cue.end <= piece.end
    for before, after in pairwise(cues):
        assert before.end <= after.start
    shown = "".join("".join(cue.lines) for cue in cues).replace(" ", "")
    assert shown == "".join(text for text, _, _ in said).replace(" ", "")
