import numpy as np
import pytest

from paksatalker.core.rendering.captions import Captioner
from paksatalker.core.timeline import Speech, Word
from paksatalker.errors import InvalidOption

FRAME = np.full((240, 320, 3), 100, np.uint8)


def speech(*words: tuple[str, float, float]) -> Speech:
    return Speech(np.zeros(24000 * 3, np.float32), 24000, words=tuple(Word(*w) for w in words))


@pytest.fixture
def captioner() -> Captioner:
    captioner = Captioner((320, 240))
    captioner.add(speech(("Hello", 0.5, 0.9), ("there.", 0.9, 1.5)))
    return captioner


def test_text_appears_with_the_words_and_goes(captioner) -> None:
    assert captioner.draw(FRAME, 0.4) is FRAME
    shown = captioner.draw(FRAME, 1.0)
    assert shown is not FRAME
    assert (FRAME == 100).all()
    assert shown.max() == 255
    assert captioner.draw(FRAME, 2.9) is FRAME


def test_text_is_centred_in_the_lower_part_within_the_margins(captioner) -> None:
    rows, cols = np.nonzero((captioner.draw(FRAME, 1.0) != 100).any(axis=2))
    assert rows.min() > 240 * 0.7
    assert rows.max() < 240 * 0.97
    assert (cols.min() + cols.max()) / 2 == pytest.approx(160, abs=3)


def test_same_cue_is_drawn_the_same(captioner) -> None:
    assert (captioner.draw(FRAME, 0.8) == captioner.draw(FRAME, 1.2)).all()


@pytest.mark.parametrize("size", [(64, 64), (360, 640), (640, 360), (90, 400)])
def test_long_lines_stay_in_the_picture(size) -> None:
    captioner = Captioner(size)
    text = ("Wide", "women", "wish", "wonderful", "warm", "wool", "while", "walking", "westward", "with", "William")
    captioner.add(speech(*((w, i * 0.2, i * 0.2 + 0.2) for i, w in enumerate(text))))
    frame = np.full((size[1], size[0], 3), 100, np.uint8)
    changed = (captioner.draw(frame, 0.1) != 100).any(axis=2)
    assert changed.any()
    assert not changed[:, 0].any()
    assert not changed[:, -1].any()


def test_transparent_frames_become_visible_under_the_text(captioner) -> None:
    out = captioner.draw(np.zeros((240, 320, 4), np.uint8), 1.0)
    assert out[:, :, 3].max() == 255
    assert out[0, 0, 3] == 0


def test_speech_without_words_shows_nothing() -> None:
    captioner = Captioner((320, 240))
    captioner.add(speech())
    assert captioner.draw(FRAME, 0.5) is FRAME


def test_font_that_cannot_be_read(tmp_path) -> None:
    (tmp_path / "font.ttf").write_text("no font")
    for path in (tmp_path / "font.ttf", tmp_path / "none.ttf"):
        with pytest.raises(InvalidOption, match="PAKSATALKER_FONT"):
            Captioner((320, 240), font=path)


def test_letters_that_no_font_has(monkeypatch) -> None:
    monkeypatch.setattr("paksatalker.core.rendering.captions._FONT_FOLDERS", ())
    with pytest.raises(InvalidOption, match="语"):
        Captioner((320, 240)).add(speech(("汉语", 0, 1)))
