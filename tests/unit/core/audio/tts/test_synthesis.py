import itertools
import math

import numpy as np
import pytest

from paksatalker.core.audio.loudness import Leveller
from paksatalker.core.audio.pronunciation import Pronunciation
from paksatalker.core.audio.tts.delivery import Delivery
from paksatalker.core.audio.tts.synthesis import MAX_SYMBOLS, SAMPLE_RATE, Narrator, symbol_borders
from paksatalker.core.timeline import Reading, Utterance

SYMBOL = 0.08  # seconds
NORMAL = Delivery()


class Fake:
    """Letters are phonemes; each lasts as long as the next and sounds like noise."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, Delivery, int]] = []
        self.stretches: list[tuple[float, float]] = []

    def pronounce(self, text: str) -> Pronunciation:
        words = tuple(text.split())
        owners = [n for n, word in enumerate(words) for _ in word + " "]
        return Pronunciation(" ".join(words), tuple(owners[: len(" ".join(words))]), words)

    def plan(self, symbols, delivery, number):
        self.runs.append((symbols, delivery, number))
        borders = 0.1 + SYMBOL / delivery.speed * np.arange(len(symbols) + 1)
        return FakePlan(borders, number, self.stretches)


class FakePlan:
    def __init__(self, borders, number, stretches) -> None:
        self.borders = borders
        self._number = number
        self._stretches = stretches

    def say(self, start=0.0, end=math.inf):
        self._stretches.append((start, end))
        count = round(min(end, self.borders[-1] + 0.3) * SAMPLE_RATE)
        # What is made in part is a little louder, as it is with real ones.
        level = 0.1 if math.isinf(end) else 0.13
        samples = np.random.default_rng(self._number).normal(0, level, count).astype(np.float32)
        samples[: round(start * SAMPLE_RATE)] = 0
        return samples


def narrate(utterances, early=False, delivery=NORMAL):
    networks: dict[str, Fake] = {}
    narrator = Narrator(lambda name: networks.setdefault(name, Fake()), "main", Leveller, early=early)
    return list(narrator.speak(utterances, delivery)), networks


def test_pieces_join_and_give_the_text_back():
    texts = ["tip top", "a " * 300 + "end", "bad"]
    pieces, networks = narrate([Utterance(text.strip(), pause_after=0.3) for text in texts])
    position = 0
    for piece in pieces:
        assert piece.start * SAMPLE_RATE == pytest.approx(position)
        position += len(piece.samples)
    assert " ".join(w.text for p in pieces for w in p.words) == " ".join(" ".join(texts).split())
    assert all(len(symbols) <= MAX_SYMBOLS + 1 for symbols, _, _ in networks["main"].runs)
    assert [number for _, _, number in networks["main"].runs] == list(range(len(pieces)))


def test_each_utterance_has_its_own_voice_rate_pitch_and_volume():
    plain = Utterance("bad dad")
    changed = Utterance("bad dad", voice="other", rate=2.0, pitch=3.0, volume=-12.0)
    pieces, networks = narrate([plain, changed], delivery=Delivery(1.5, 1.0))
    assert networks["main"].runs[0][1] == Delivery(1.5, 1.0)
    assert networks["other"].runs[0][1] == Delivery(2.0, 4.0), "no faster than voices can"
    loud, soft = (np.abs(p.samples).max() for p in pieces)
    assert soft < 0.5 * loud
    assert Delivery(pitch=12).pitch_factor == pytest.approx(2)


TEXT = "say it now " + "and go on " * 12
WHOLE = narrate([Utterance(TEXT.strip())])[0][0]


def test_only_the_first_utterance_is_opened_early():
    pieces, networks = narrate([Utterance(TEXT.strip())] * 2, early=True)
    assert pieces[-1].text == TEXT.strip()
    assert len(networks["main"].runs) == 2, "a sentence is planned once, whatever parts it is made in"
    *parts, whole = networks["main"].stretches
    assert whole == (0.0, math.inf)
    assert len(parts) == len(pieces) - 1 > 2
    assert parts[-1][1] == math.inf
    assert len(narrate([Utterance(TEXT.strip())])[0]) == 1


def test_the_first_words_are_made_first_and_each_part_reaches_twice_as_far():
    pieces, networks = narrate([Utterance(TEXT.strip())], early=True)
    (_, first), *later = networks["main"].stretches
    assert pieces[0].text == "say"
    assert first < 0.6, "no more is made than is given out, and what is heard of the next word"
    ends = [first, *(end for _, end in later[:-1])]
    assert all(1.3 * a < b <= 2 * a + 0.1 for a, b in itertools.pairwise(ends))
    for (start, end), piece in zip(later, pieces[1:], strict=True):
        # Not from the beginning each time: what takes long would be made over and over again.
        assert start == 0 if piece.start < 2 else 1 < piece.start - start < 1.5, (start, end)


def test_a_part_is_made_in_the_time_that_the_ones_before_are_played():
    """On a machine that makes a second of sound in a quarter of one."""
    text = "it is a long way to the end of the tale but we go on and on and on until it is all told"
    pieces, networks = narrate([Utterance(text)], early=True)
    ready = 0.0
    began = None
    for (start, end), piece in zip(networks["main"].stretches, pieces, strict=True):
        ready += 0.25 * (min(end, pieces[-1].end) - start)
        began = ready if began is None else began
        assert ready <= began + piece.start + 1e-9, piece.text


def test_an_opening_is_the_sentence_itself_in_parts():
    pieces, _ = narrate([Utterance(TEXT.strip())], early=True)
    assert len(pieces) > 1
    words = [word for piece in pieces for word in piece.words]
    assert [word.text for word in words] == TEXT.split()
    for word, same in zip(words, WHOLE.words, strict=True):
        assert word.start == pytest.approx(same.start, abs=0.013)
        assert word.end == pytest.approx(same.end, abs=0.013)
    assert sum(len(piece.samples) for piece in pieces) == len(WHOLE.samples)
    for piece in pieces:
        assert piece.start <= piece.phones[0].start + 1e-9
        assert piece.phones[-1].end <= piece.end + 1e-9
    for one, other in itertools.pairwise(pieces):
        assert other.start == pytest.approx(one.end)
        loud, next_ = (float(np.sqrt(np.square(x).mean())) for x in (one.samples[-2400:], other.samples[:2400]))
        assert next_ == pytest.approx(loud, rel=0.12), "the level does not jump at a seam"


def test_the_first_part_is_longer_where_a_long_word_follows():
    """Else its sound would not be there in time."""
    (first, *_), _ = narrate([Utterance("please do " + "b" * 40 + " and so on")], early=True)
    assert first.text == "please do"
    (first, *_), _ = narrate([Utterance("please do not " + "a " * 40)], early=True)
    assert first.text == "please"


def test_what_is_one_word_in_writing_is_not_parted():
    text = "twenty twenty four the end of it all is near now"
    (first, *_), _ = narrate([Utterance(text)], early=True)
    assert first.text in {"twenty", "twenty twenty"}
    (first, *_), _ = narrate([Utterance(text, readings=(Reading(0, 18, text[:18]),))], early=True)
    assert first.text == text[:18]


@pytest.mark.parametrize("text", ["a " * 200 + "end", "a" * 200, "b", "ab", "so " + "a" * 100])
def test_openings_of_odd_texts_lose_nothing(text):
    pieces, _ = narrate([Utterance(text)], early=True)
    assert " ".join(word.text for piece in pieces for word in piece.words) == text
    plain, _ = narrate([Utterance(text)])
    assert sum(len(p.samples) for p in pieces) == sum(len(p.samples) for p in plain)


def test_borders_skip_what_the_network_does_not_know():
    borders = symbol_borders(np.array([[2, 4, 6, 2]]), np.array([True, False, True]), earlier=0.05)
    assert borders == pytest.approx([0.0, 0.1, 0.1, 0.25])


def test_stressed_words_reach_the_network_as_spans_of_phonemes():
    text = "tip top, bad dad"
    pieces, networks = narrate([Utterance(text, emphasis=((4, 8), (13, 16)))])
    ((symbols, delivery, _),) = networks["main"].runs
    assert [symbols[a : b + 1] for a, b in delivery.stresses] == ["top", "dad"]
    plain, _ = narrate([Utterance(text)])
    times = pieces[0].words[1]
    span = slice(round(times.start * SAMPLE_RATE), round(times.end * SAMPLE_RATE))
    stressed, usual = (np.abs(p[0].samples[span]).mean() / np.abs(p[0].samples).mean() for p in (pieces, plain))
    assert stressed > usual


def test_stress_survives_the_cutting_of_long_texts():
    text = "a " * 200 + "end"
    _, networks = narrate([Utterance(text, emphasis=((400, 403),))])
    runs = networks["main"].runs
    assert [delivery.stresses for _, delivery, _ in runs[:-1]] == [()] * (len(runs) - 1)
    symbols, delivery, _ = runs[-1]
    assert [symbols[a : b + 1] for a, b in delivery.stresses] == ["end"]
