"""The renderer's upper bound: a real speaker's own motion, given to a photo of the same speaker, and tracked again.

One frame of a video is the photo. The expression scores and head turns that the landmarker reads off all frames drive
it. What comes out is tracked like the video was: where it differs, the renderer (or its expression basis) falls short,
since everything else is true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paksatalker.config import usable_cores
from paksatalker.core.rendering.portrait.build import build
from paksatalker.core.rendering.scene import Scene, set_scene
from paksatalker.core.timeline import ARKIT_INDEX, FaceTrack
from paksatalker.errors import InvalidOption
from paksatalker.evaluation import lips
from paksatalker.evaluation.geometry import Array, head_angles
from paksatalker.evaluation.measure import Measure
from paksatalker.evaluation.tracking import FaceMotion, Image8, read_frames, track_frames, track_video
from paksatalker.models.base import WeightsStore
from paksatalker.models.mediapipe.landmarker import FaceLandmarker

#: Turning an eye by its full score is about this many degrees.
_GAZE_DEGREES = 25.0
#: Head turns that a speaker makes while facing the camera, degrees; further ones are held there. Animation stays well
#: within, but a head held back would be measured as a wrong mouth.
HEAD_LIMIT = 20.0

_LOWER_LIP = [ARKIT_INDEX["mouthLowerDownLeft"], ARKIT_INDEX["mouthLowerDownRight"]]
_SMILE = [ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["mouthSmileRight"]]
#: The landmarker's smile score, and how much of the basis's smile a face with that score shows: it notices a smile late
#: and has no room left for the last of it. Measured on renders of two avatars that smile by known amounts.
_SMILE_SCORE = (0.0, 0.01, 0.16, 0.52, 0.77, 0.89, 1.0)
_SMILE_SHOWN = (0.0, 0.18, 0.37, 0.59, 0.84, 1.10, 1.20)


@dataclass(frozen=True, slots=True)
class Reenactment:
    """How much of a speaker's mouth survives.

    Attributes:
        opening: Agreement of the opening with the video's.
        amplitude: Spread of the opening over the video's; 1 is as lively as the speaker.
        lips: Lip shape error against the no-expression baseline.
        source: The frame that was the photo.
        motion: The re-tracked frames.
        truth: The tracked video.
    """

    opening: lips.Correlation
    amplitude: float
    lips: lips.LipsError
    source: int
    motion: FaceMotion
    truth: FaceMotion

    def measures(self) -> tuple[Measure, ...]:
        """As rows of a report."""
        found = self.lips
        return (
            Measure("re-enactment opening r", self.opening.r, "", f"from frame {self.source}"),
            Measure("re-enactment opening amplitude", self.amplitude, "of the speaker's"),
            Measure(
                "re-enactment lips error / no expression",
                found.ratio,
                "",
                f"{found.error:.4f} against {found.baseline:.4f} eye distances",
            ),
        )


def reenact(
    video: Path,
    store: WeightsStore,
    source_frame: int | None = None,
    *,
    head_limit: float = HEAD_LIMIT,
    max_frames: int | None = None,
    truth: FaceMotion | None = None,
) -> Reenactment:
    """Drives one frame of a talking video by the video itself.

    Args:
        video: A local file that shows one speaker.
        store: Where the models lie.
        source_frame: Which frame is the photo; None takes the one that looks straight ahead with closed mouth and open
            eyes more than any other.
        head_limit: Head turns away from the photo are held within this many degrees; 0 keeps the head still.
        max_frames: How many frames are used; all when None.
        truth: The tracked video, where it is already there.

    Raises:
        InvalidOption: The video has no frame ``source_frame``, or no face is found in it.
        VideoUnreadable: The video cannot be decoded or shows no face.
        WeightsMissing: A model is not in the store.
    """
    truth = truth or track_video(video, store, max_frames)
    source = calmest_frame(truth) if source_frame is None else _checked(source_frame, truth)
    image = next(frame.image for frame in read_frames(video) if frame.index == source)
    scene = set_scene(image, store, aspect="source")
    renderer = build(scene, usable_cores())
    track = driving_track(truth, source, head_limit, _scores(scene))
    with FaceLandmarker(store.path("face-landmarker")) as landmarker:
        motion = track_frames(_rgb(renderer.render([track])), truth.fps, landmarker)
    real, drawn = lips.opening(truth), lips.opening(motion)
    return Reenactment(
        opening=lips.opening_correlation(drawn, real, truth.fps),
        amplitude=float(np.nanstd(drawn) / max(float(np.nanstd(real)), 1e-9)),
        lips=lips.lips_error(motion, truth, source),
        source=source,
        motion=motion,
        truth=truth,
    )


def _checked(frame: int, motion: FaceMotion) -> int:
    """The frame, if it can be the photo."""
    if not 0 <= frame < len(motion):
        raise InvalidOption(f"--source-frame cannot be {frame}", fix=f"Give a number from 0 to {len(motion) - 1}")
    if not motion.ok[frame]:
        raise InvalidOption(f"--source-frame cannot be {frame}", "no face was found in it", "Choose another frame")
    return frame


def calmest_frame(motion: FaceMotion) -> int:
    """The frame most like a portrait: mouth closed, eyes open, head as it mostly is."""
    blink = motion.scores[:, [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]].mean(axis=1)
    turned = np.abs(motion.angles - np.median(motion.angles, axis=0)).max(axis=1) / 10
    away = np.nan_to_num(lips.opening(motion), nan=9.0) * 5 + blink + turned
    return int(np.argmin(away))


def driving_track(
    motion: FaceMotion, source: int, head_limit: float = HEAD_LIMIT, photo: Array | None = None
) -> FaceTrack:
    """A tracked video as a face track relative to one of its frames.

    Coefficients are differences of scores (of smiles: of what they stand for), so they may be negative: where the
    source frame smiles, a serious frame takes the smile away.

    Args:
        motion: The tracked video.
        source: The frame that is the photo.
        head_limit: Head turns are held within this many degrees.
        photo: Scores [52] that the renderer has for that frame, which it looked at on its own; a lip's score says most
            where it is next to nothing, so it must be given from the same zero. The video's when None.
    """
    rest = FaceTrack.rest(len(motion), motion.fps)
    scores = motion.scores - motion.scores[source]
    smiles = np.interp(motion.scores[:, _SMILE], _SMILE_SCORE, _SMILE_SHOWN)
    scores[:, _SMILE] = smiles - smiles[source]
    if photo is not None:
        scores[:, _LOWER_LIP] = motion.scores[:, _LOWER_LIP] - photo[_LOWER_LIP]
    turn = motion.rotation.astype(np.float64) @ motion.rotation[source].astype(np.float64).T
    angles = np.clip(head_angles(turn), -head_limit, head_limit)
    values: dict[str, Any] = {name: getattr(rest, name) for name in ("head_translation", "seal", "tongue", "breath")}
    return FaceTrack(
        fps=motion.fps,
        coefficients=scores.astype(np.float32),
        head_rotation=angles.astype(np.float32),
        gaze=_gaze(motion.scores, source).astype(np.float32),
        activity=rest.activity,
        **values,
    )


def _scores(scene: Scene) -> Array:
    """The photo's scores [52] as the renderer has them."""
    return scene.canvas.source_face(scene.portrait).scores.astype(np.float64)


def _gaze(scores: Any, source: int) -> Array:
    """Eye rotation [T, 2] right and down as seen by the viewer, degrees, relative to the source frame."""

    def score(name: str) -> Array:
        return np.asarray(scores[:, ARKIT_INDEX[name]], np.float64)

    right = score("eyeLookOutLeft") + score("eyeLookInRight") - score("eyeLookInLeft") - score("eyeLookOutRight")
    down = score("eyeLookDownLeft") + score("eyeLookDownRight") - score("eyeLookUpLeft") - score("eyeLookUpRight")
    degrees = np.stack([right, down], axis=-1) * (_GAZE_DEGREES / 2)
    return np.asarray(degrees - degrees[source])


def _rgb(frames: Iterator[Image8]) -> Iterator[Image8]:
    for frame in frames:
        yield np.ascontiguousarray(frame[..., :3])
