"""What is left of the photo's own expression while the person speaks, and what is added to it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait.face import FaceState
from paksatalker.core.timeline import ARKIT_INDEX, ARKIT_NAMES

Weights = npt.NDArray[np.float64]

#: How much of the photo's own expression speech takes away (at ``activity`` 1): what parts the lips, so that they can
#: close. Smiles stay, by which the person is recognised; lips also close better over them than over softened ones.
_TAKEN_OVER = {
    "jawOpen": 0.9,
    "mouthPucker": 0.5,
    "mouthFunnel": 0.6,
    "mouthLowerDown": 0.8,
    "mouthUpperUp": 0.5,
    "mouthStretch": 0.25,
    "mouthPress": 0.8,
    "mouthRoll": 0.6,
}
_SCORE_FLOOR = 0.05  # scores below are the landmarker's noise


def _columns(*prefixes: str) -> list[int]:
    return [index for index, name in enumerate(ARKIT_NAMES) if name.startswith(prefixes)]


#: What widens and lifts the mouth: rounding, and what makes a sad or an angry face, cannot be seen beside it.
_SMILE = _columns("mouthSmile", "mouthStretch", "mouthDimple")
_ROUNDING = [ARKIT_INDEX["mouthPucker"], ARKIT_INDEX["mouthFunnel"]]
_ROUNDED_AT = np.array([0.55, 0.70])  # of pucker and funnel: where nothing is left of a smile
_SADNESS = [_columns("mouthFrown"), _columns("browDown"), _columns("noseSneer")]
_SAD_AT = np.array([0.35, 0.70, 0.70])
#: A face that has all of these already shows no more of them: lips would part from the gums.
_SATURATES = _columns("mouthSmile", "mouthStretch", "mouthUpperUp")
_LOWER_LIP = _columns("mouthLowerDown")
_PARTED = 0.145  # eye distances at a score of 1
_BARELY = 0.001  # the score of barely parted lips
_JAW = ARKIT_INDEX["jawOpen"]
_JAW_MEASURED = 0.8  # of the basis's offset, once the lower lip tells the small openings


class OwnExpression:
    """The photo's expression, as the landmarker scored it. Immutable.

    Args:
        scores: float [52] in ARKit order, 0–1.
    """

    def __init__(self, scores: npt.NDArray[np.floating]) -> None:
        self._scores = scores.astype(np.float64)
        shares = [next((s for p, s in _TAKEN_OVER.items() if name.startswith(p)), 0.0) for name in ARKIT_NAMES]
        self._share = np.where(self._scores > _SCORE_FLOOR, shares, 0.0)
        self._smiles = np.where(self._scores > _SCORE_FLOOR, self._scores, 0.0)[_SMILE]

    def weights(self, state: FaceState) -> Weights:
        """Basis weights [52] relative to the photo: the controls, less what speech and they take of its expression.

        Most coefficients act in proportion. ``mouthLowerDown`` is for speech; what is left of it is in :meth:`parting`.
        """
        controls = state.coefficients.astype(np.float64)
        taken = state.activity * self._share * self._scores
        if self._smiles.any():
            left = 1 - _contradiction(controls, state.activity)
            taken[_SMILE] = self._smiles - (self._smiles - taken[_SMILE]) * left
        weights = controls - taken
        room = 1 - self._scores[_SATURATES]
        weights[_SATURATES] = np.minimum(weights[_SATURATES], np.maximum(room, 0.0))
        before = self._scores[_LOWER_LIP]
        weights[_LOWER_LIP] = state.activity * (_gesture(before + weights[_LOWER_LIP]) - _gesture(before))
        weights[_JAW] *= _JAW_MEASURED + state.activity * (1 - _JAW_MEASURED)
        return weights

    def parting(self, state: FaceState) -> Weights:
        """How much further apart than in the photo the lips are by a measured ``mouthLowerDown``, eye distances [2].

        The person's left and right. Gestures of speech (``activity`` 1) start at nothing and lower the lip; a score
        that was measured (``activity`` 0) is that of a mouth that opens with both lips, the lower one no more than the
        upper, and tells closed lips from barely parted ones.
        """
        before = self._scores[_LOWER_LIP]
        after = before + state.coefficients[_LOWER_LIP]
        return np.asarray((1 - state.activity) * (_parted(after) - _parted(before)))


def _contradiction(controls: Weights, activity: float) -> float:
    """How little of a smile the controls leave, 0–1: speech rounds the lips, emotions draw them down."""
    rounding = 0.92 * activity * float((controls[_ROUNDING] / _ROUNDED_AT).clip(0, 1).max())
    means = np.array([controls[columns].mean() for columns in _SADNESS])
    sadness = float((means / _SAD_AT).clip(0, 1).max())
    return 1 - (1 - rounding) * (1 - sadness)


def _gesture(score: Weights) -> Weights:
    """The landmarker's score stays low for small openings and then rises fast: roughly the inverse."""
    steep = 2.25 * score / (1 + 3 * np.clip(score, 0, 1))  # 0.45 at 0.5
    return np.where(score > 0, steep, score)


def _parted(score: Weights) -> Weights:
    """Distance of the inner lips, eye distances, that a score of ``mouthLowerDown`` stands for.

    Scores are sigmoids, so their inverse is logarithmic: beside the jaw's share it tells the openings of the renderer's
    own frames of six portraits to 0.011 (root mean square; in proportion: 0.016) and those of a recorded speaker to
    0.013 (0.017). Its size lies between the two.
    """
    return np.asarray(_PARTED * np.log1p(np.maximum(score, 0) / _BARELY) / math.log1p(1 / _BARELY))
