import random

import pytest

from paksatalker.core.audio.pronunciation import Pronouncer
from paksatalker.core.audio.recordings.transcript import TranscriptFollower, TranscriptWord, transcript_words
from paksatalker.core.timeline import ARPABET

SYMBOLS = [s for s in ARPABET if s != "SIL"]


def make_words(count: int, seed: int = 0) -> list[TranscriptWord]:
    rng = random.Random(seed)
    return [
        TranscriptWord(
            f"w{i}" + ("." if i % 9 == 8 else ""), tuple((rng.choice(SYMBOLS), 0) for _ in range(rng.randint(1, 6)))
        )
        for i in range(count)
    ]


def misheard(words: list[TranscriptWord], share: float, seed: int = 1) -> list[str]:
    """Phones with errors: a third each replaced, left out, inserted."""
    rng = random.Random(seed)
    heard: list[str] = []
    for symbol in (s for word in words for s, _ in word.phones):
        kind = rng.random() / share * 3 if share else 9.0
        if kind < 1:
            heard.append(rng.choice(SYMBOLS))
        elif 1 <= kind < 2:
            continue
        elif 2 <= kind < 3:
            heard += [symbol, rng.choice(SYMBOLS)]
        else:
            heard.append(symbol)
    return heard


def follow(words: list[TranscriptWord], pieces: list[list[str]]):
    follower = TranscriptFollower(words)
    for index, heard in enumerate(pieces):
        ahead = [s for piece in pieces[index + 1 : index + 12] for s in piece]
        yield follower.follow(heard, ahead, ending=index + 12 > len(pieces))


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4])
def test_pieces_get_their_words(share: float) -> None:
    words = make_words(180)
    pieces = [misheard(words[i : i + 9], share, seed=i) for i in range(0, 180, 9)]
    matches = list(follow(words, pieces))
    right = sum(m.first == 9 * i and m.last == 9 * i + 9 for i, m in enumerate(matches))
    assert right >= (20 if share < 0.3 else 17)
    assert [m.first for m in matches[1:]] == [m.last for m in matches[:-1]]
    assert max(m.misfit for m in matches) < 0.9


def test_another_transcript_does_not_fit() -> None:
    pieces = [misheard(make_words(9, seed=100 + i), 0.2) for i in range(20)]
    assert min(m.misfit for m in follow(make_words(180), pieces)) > 0.94


def test_words_that_are_left_out_at_the_start_are_skipped() -> None:
    words = make_words(120)
    pieces = [misheard(words[i : i + 9], 0.2, seed=i) for i in range(30, 120, 9)]
    matches = list(follow(words, pieces))
    assert abs(matches[0].first - 30) <= 1
    assert matches[0].last == 39
    assert matches[-1].last == 120


def test_a_recording_that_ends_early_leaves_words_over() -> None:
    words = make_words(120)
    pieces = [misheard(words[i : i + 9], 0.2, seed=i) for i in range(0, 54, 9)]
    match, *_ = follow(words, pieces)
    assert abs(match.reached - 54) <= 1


def test_transcript_words_keep_the_text_and_have_phones() -> None:
    text = "Hello there — it's 3:30 pm.\n\n“Really?” she said... " + "and on it goes " * 40 + "."
    words = transcript_words(text, Pronouncer())
    assert " ".join(w.text for w in words) == " ".join(text.split())
    assert all(w.phones for w in words)
    assert transcript_words("… — !", Pronouncer()) == []
