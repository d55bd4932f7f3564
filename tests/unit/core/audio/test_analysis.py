import json

import numpy as np
import pytest

from paksatalker.core.audio.analysis import analyse
from paksatalker.core.audio.analysis_plot import check_plot, plot
from paksatalker.core.timeline import Phone, Speech, Word
from paksatalker.errors import InvalidOption, OutputUnwritable

RATE = 24000


def voice(seconds: float, pitch: float = 150.0, level: float = 0.3) -> np.ndarray:
    times = np.arange(round(seconds * RATE)) / RATE
    return level * sum(np.sin(2 * np.pi * pitch * n * times) / n for n in range(1, 9)) / 2


def word(text: str, start: float, end: float) -> Word:
    middle = (start + end) / 2
    return Word(text, start, end, (Phone("B", start, middle), Phone("AA", middle, end, 1)))


@pytest.fixture(scope="module")
def pieces() -> list[Speech]:
    noise = np.random.default_rng(0).normal(0, 0.001, 4 * RATE)
    sound = noise.copy()
    sound[RATE // 2 : RATE * 3 // 2] += voice(1.0)
    sound[2 * RATE : 3 * RATE] += voice(1.0, 180.0)
    first = (word("Bah,", 0.5, 1.0), word("bah.", 1.0, 1.5))
    second = (word("Bah", 2.0, 2.5), word("bah!", 2.5, 3.0))
    half = 7 * RATE // 4
    return [
        Speech(sound[:half].astype(np.float32), RATE, 0.0, first, "Bah, bah."),
        Speech(sound[half:].astype(np.float32), RATE, 1.75, second, "Bah bah!"),
    ]


def test_a_recording_is_described(pieces: list[Speech]) -> None:
    found = analyse(pieces)
    assert found.duration == pytest.approx(4.0)
    assert found.text == "Bah, bah. Bah bah!"
    assert found.f0_median == pytest.approx(165, abs=20)
    assert found.f0_semitones == pytest.approx(3.2, abs=0.6)
    assert found.words_per_minute == pytest.approx(60 * 4 / 2.5)
    assert found.syllables_per_second == pytest.approx(2.0)
    assert found.clipped == 0.0
    assert len(found.curves.times) == len(found.curves.f0) == 400


def test_noise_is_measured_in_the_pauses(pieces: list[Speech]) -> None:
    found = analyse(pieces)
    assert found.level_db == pytest.approx(-17.6, abs=1)
    assert found.snr_db == pytest.approx(found.level_db + 60, abs=1.5)


def test_a_pause_across_two_pieces_is_one(pieces: list[Speech]) -> None:
    assert [(round(a, 1), round(b, 1)) for a, b in analyse(pieces).pauses] == [(0.0, 0.5), (1.5, 2.0), (3.0, 4.0)]


def test_phrases_end_at_pauses(pieces: list[Speech]) -> None:
    assert [(b.time, b.major) for b in analyse(pieces).boundaries] == [(1.5, True), (3.0, True)]


def test_clipping_is_told(pieces: list[Speech]) -> None:
    loud = Speech(np.clip(pieces[0].samples * 20, -1, 1), RATE, 0.0, pieces[0].words)
    assert analyse([loud]).clipped > 0.1


def test_silence_has_no_measures() -> None:
    found = analyse([Speech(np.zeros(RATE, np.float32), RATE)])
    assert (found.f0_median, found.snr_db, found.words_per_minute, found.syllables_per_second) == (None,) * 4
    assert analyse([]).duration == 0.0


def test_it_can_be_written_as_json(pieces: list[Speech]) -> None:
    facts = json.loads(json.dumps(analyse(pieces).to_dict(), allow_nan=False))
    assert facts["words"][0]["phones"][1]["symbol"] == "AA"
    assert "curves" not in facts


def test_the_plot_is_a_picture(pieces: list[Speech], tmp_path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    plot(analyse(pieces), tmp_path / "out.png", "two words, twice")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def test_plots_that_cannot_be_made_are_refused(pieces: list[Speech], tmp_path) -> None:
    with pytest.raises(InvalidOption, match=r"\.png"):
        check_plot(tmp_path / "out.docx")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    with pytest.raises(OutputUnwritable):
        plot(analyse(pieces), tmp_path / "no" / "such" / "out.png")
