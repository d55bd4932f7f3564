import numpy as np
import pytest

from paksatalker.core.rendering.portrait.expression import OwnExpression
from paksatalker.core.timeline import ARKIT_INDEX

SMILE = ARKIT_INDEX["mouthSmileLeft"]
LOWER_LIP = ARKIT_INDEX["mouthLowerDownLeft"]


def own(**scores: float) -> OwnExpression:
    row = np.zeros(len(ARKIT_INDEX), np.float32)
    for name, value in scores.items():
        row[ARKIT_INDEX[name]] = value
    return OwnExpression(row)


@pytest.fixture
def smiling() -> OwnExpression:
    return own(mouthSmileLeft=0.9, mouthSmileRight=0.9, mouthUpperUpLeft=0.6, mouthUpperUpRight=0.6)


def test_a_photo_at_rest_keeps_its_expression(smiling, make_state) -> None:
    assert not smiling.weights(make_state()).any()


def test_a_neutral_face_does_what_the_controls_say(make_state) -> None:
    controls = {"mouthSmileLeft": 0.7, "jawOpen": 0.4, "mouthPucker": 0.3}
    weights = own().weights(make_state(coefficients=controls, activity=1.0))
    assert {name: weights[ARKIT_INDEX[name]] for name in controls} == pytest.approx(controls)


def test_a_smile_grows_no_further_than_a_whole_smile(smiling, make_state) -> None:
    wide = smiling.weights(make_state(coefficients={"mouthSmileLeft": 0.7, "mouthUpperUpLeft": 0.9}))
    assert wide[SMILE] == pytest.approx(0.1)
    assert wide[ARKIT_INDEX["mouthUpperUpLeft"]] == pytest.approx(0.4)


def test_a_smile_stays_while_its_lips_close(smiling, make_state) -> None:
    speaking = smiling.weights(make_state(activity=1.0))
    assert speaking[SMILE] == 0
    assert speaking[ARKIT_INDEX["mouthUpperUpLeft"]] < -0.2


@pytest.mark.parametrize("control", ["mouthPucker", "mouthFunnel"])
def test_rounding_takes_a_smile_away_while_speaking(smiling, make_state, control) -> None:
    softened = smiling.weights(make_state(activity=1.0))[SMILE]
    half = smiling.weights(make_state(coefficients={control: 0.3}, activity=1.0))[SMILE]
    whole = smiling.weights(make_state(coefficients={control: 0.75}, activity=1.0))[SMILE]
    assert softened > half > whole
    assert whole == pytest.approx(-0.9, abs=0.1)
    assert smiling.weights(make_state(coefficients={control: 0.75}))[SMILE] == 0


@pytest.mark.parametrize("control", ["mouthFrown", "browDown"])
def test_sad_and_angry_faces_do_not_smile(smiling, make_state, control) -> None:
    both = {control + side: 0.8 for side in ("Left", "Right")}
    assert smiling.weights(make_state(coefficients=both))[SMILE] == pytest.approx(-0.9)


def test_a_gesture_of_the_lower_lip_is_steep_at_first(make_state) -> None:
    def lowered(by: float) -> float:
        return float(own().weights(make_state(coefficients={"mouthLowerDownLeft": by}, activity=1.0))[LOWER_LIP])

    assert lowered(0.1) > 0.1
    assert lowered(1.0) < 1.0
    assert lowered(-0.2) == pytest.approx(-0.2)
    assert not own().parting(make_state(coefficients={"mouthLowerDownLeft": 0.3}, activity=1.0)).any()


def test_a_measured_lip_tells_closed_from_barely_parted(make_state) -> None:
    def parted(before: float, by: float) -> float:
        state = make_state(coefficients={"mouthLowerDownLeft": by})
        return float(own(mouthLowerDownLeft=before).parting(state)[0])

    assert parted(0.0, 0.0) == parted(0.3, 0.0) == 0
    assert parted(0.0, 0.005) > 0.03
    assert parted(0.0, 0.3) < 3.5 * parted(0.0, 0.005)
    assert parted(0.2, -0.2) == pytest.approx(-parted(0.0, 0.2), rel=1e-4)
    assert parted(0.2, -0.25) == parted(0.2, -0.2)  # no score is below nothing
    assert own().parting(make_state(coefficients={"mouthLowerDownLeft": 0.3}))[1] == 0
