"""The face engine ``sadtalker``: sound to the coefficients that SadTalker's renderer takes, streaming."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from paksatalker.core import options
from paksatalker.core.animation.sadtalker.chain import Blinks, CoefficientChain, Manner
from paksatalker.core.animation.sadtalker.eyelids import eyelid_ratio
from paksatalker.core.animation.sadtalker.features import MelStream
from paksatalker.core.animation.sadtalker.pose import Array, there_and_back
from paksatalker.core.animation.sadtalker.resample import Resampler
from paksatalker.core.animation.sadtalker.sequences import Array as Wide
from paksatalker.core.animation.sadtalker.sequences import BlinkStream, Turn
from paksatalker.core.animation.sadtalker.sound import SoundStream
from paksatalker.core.timeline import FloatArray, Speech, frame_span
from paksatalker.core.tracks import CoefficientTrack
from paksatalker.errors import InvalidOption
from paksatalker.models.base import WeightsStore
from paksatalker.models.sadtalker.checkpoints import AudioNetworks, load_audio_networks
from paksatalker.models.sadtalker.mel import FPS

_RANGES = {
    "fps": options.Range(1, 240),
    "seed": options.SEED,
    "expression-scale": options.STRENGTH,
    "head-motion": options.STRENGTH,
    "pose-style": options.POSE_STYLE,
    "turn-speed": options.Range(0.1, 1000),
}
_DEGREES = options.Range(-90, 90)
_LEAST = CoefficientTrack.POSE.stop


class SadTalkerFace:
    """Animates a face from its sound alone: text and phones are not looked at.

    Frames come in blocks of 32 and lag about a second and a half behind the sound: that much of it the head's motion
    looks ahead. Whatever pieces the sound comes in, the coefficients are the same to the last bit.

    Args:
        fps: Frames a second, 1–240. The networks make 25; other rates are interpolated.
        seed: The same seed and sound give the same frames; another seed other blinks and another motion of the head.
        reference: The photo's coefficients, float32 [70 or more]: expression 64, angles 3, translation 3.
        networks: With their weights; None loads the official ones.
        store: Where those are looked for; None takes the settings' folder.
        expression_scale: Strength of expression, 0–2; 1 is the network's own.
        head_motion: Strength of the head's motion, 0–2.
        pose_style: Manner of moving the head, 0–45.
        still: Keeps the head as it is in the photo; face and eyelids still move.
        blinks: ``auto``: those of ``blink_reference``, else at random; ``none``: the eyes stay open.
        blink_reference: Coefficients of a video at 25 frames a second whose blinks are taken over, [T, 64 or
            more]. Only eyelids follow it: the lips belong to the sound.
        pose_reference: Coefficients of a video at 25 frames a second whose head motion is added, [T, 70 or more].
            Videos that are too short go backwards and forwards by turns.
        yaw: Degrees that replace the head's turn, −90 to 90: one that holds, or several that are gone through.
        pitch: Likewise the nod.
        roll: Likewise the tilt.
        turn_speed: How fast those are gone through, degrees a second; at the last it stays.
        duration: Seconds of the whole, where they are known: the last is then reached at the end, at a steady speed,
            and short videos blink, too.

    Raises:
        InvalidOption: A value is out of its range.
        EngineUnavailable: PyTorch is not installed.
        WeightsMissing: The official files are not there; the other errors of ``Checkpoint.fill`` likewise.
    """

    def __init__(
        self,
        fps: float = 25.0,
        seed: int = 0,
        *,
        reference: FloatArray,
        networks: AudioNetworks | None = None,
        store: WeightsStore | None = None,
        expression_scale: float = 1.0,
        head_motion: float = 1.0,
        pose_style: int = 0,
        still: bool = False,
        blinks: str = "auto",
        blink_reference: FloatArray | None = None,
        pose_reference: FloatArray | None = None,
        yaw: Sequence[float] = (),
        pitch: Sequence[float] = (),
        roll: Sequence[float] = (),
        turn_speed: float = 15.0,
        duration: float | None = None,
    ) -> None:
        values = (fps, seed, expression_scale, head_motion, pose_style, turn_speed)
        for (name, allowed), value in zip(_RANGES.items(), values, strict=True):
            options.require_range(name, value, allowed)
        options.require_choice("blinks", blinks, options.BLINKS)
        self.fps = fps
        self.seed = seed
        self._frames = None if duration is None else frame_span(0, duration, FPS)[1]
        self._turns = _turns({"yaw": yaw, "pitch": pitch, "roll": roll}, turn_speed, fps, duration)
        self._manner = Manner(
            reference=_row(reference),
            style=int(pose_style),
            expression_scale=expression_scale,
            head_motion=head_motion,
            still=still,
            pose_reference=None if pose_reference is None else _rows("pose-reference", pose_reference, _LEAST),
        )
        eyes = None if blink_reference is None else _rows("blink-reference", blink_reference, 64)
        self._networks = networks or load_audio_networks(store)
        self._blinks = blinks
        self._closed = None if eyes is None else self._eyelids(eyes)

    def animate(self, pieces: Iterable[Speech]) -> Iterator[CoefficientTrack]:
        """Sound to coefficients; see :class:`~paksatalker.core.engines.FaceEngine`.

        Raises:
            ValueError: Pieces overlap.
        """
        sound, mel = SoundStream(), MelStream()
        chain = CoefficientChain(self._networks, self._manner, self._new_blinks(), self.seed)
        out = _Output(self.fps, self._turns)
        for piece in pieces:
            for part in sound.push(piece):
                for block in mel.push(part):
                    yield from out.tracks(chain.push(block))
        for part in sound.finish():
            for block in mel.push(part):
                yield from out.tracks(chain.push(block))
        for block in mel.finish(frame_span(0, sound.end, FPS)[1]):
            yield from out.tracks(chain.push(block))
        yield from out.finish(chain.finish(), frame_span(0, sound.end, self.fps)[1])

    def _new_blinks(self) -> Blinks:
        if self._blinks == "none":
            return _Following(np.zeros(1, np.float32))
        return BlinkStream(self.seed, self._frames) if self._closed is None else _Following(self._closed)

    def _eyelids(self, coefficients: Array) -> Array:
        direction = self._networks.expression.blink_direction.detach().cpu().numpy()
        return eyelid_ratio(coefficients[:, CoefficientTrack.EXPRESSION], direction)


class _Following:
    """Eyelids as given, backwards and forwards by turns where there are too few frames."""

    def __init__(self, closed: Array) -> None:
        self._closed = closed.astype(np.float64)

    def take(self, first: int, last: int, end: int | None = None) -> Wide:  # noqa: ARG002  (no blink is cut off here)
        return self._closed[there_and_back(np.arange(first, last), len(self._closed))][:, None]


class _Output:
    """Rows at 25 frames a second to tracks at the video's rate."""

    def __init__(self, fps: float, turns: Sequence[Turn | None]) -> None:
        self._fps = fps
        self._turns = turns
        self._resampler = Resampler(FPS, fps)
        self._done = 0

    def tracks(self, rows: Array) -> Iterator[CoefficientTrack]:
        yield from self._track(self._resampler.push(rows) if len(rows) else rows)

    def finish(self, rows: Array, frames: int) -> Iterator[CoefficientTrack]:
        for part in (self._resampler.push(rows) if len(rows) else rows, self._resampler.finish(frames)):
            yield from self._track(part[: max(0, frames - self._done)])

    def _track(self, rows: Array) -> Iterator[CoefficientTrack]:
        if len(rows):
            first, self._done = self._done, self._done + len(rows)
            yield CoefficientTrack(self._fps, rows, self._degrees(first, self._done), first)

    def _degrees(self, first: int, last: int) -> FloatArray | None:
        if not any(self._turns):
            return None
        free = np.full(last - first, np.nan)
        columns = [free if turn is None else turn.degrees(first, last) for turn in self._turns]
        return np.stack(columns, axis=1).astype(np.float32)


def _turns(
    stations: dict[str, Sequence[float]], speed: float, fps: float, duration: float | None
) -> tuple[Turn | None, ...]:
    for name, degrees in stations.items():
        for value in degrees:
            options.require_range(name, value, _DEGREES)
    return tuple(Turn(degrees, speed, fps, duration) if len(degrees) else None for degrees in stations.values())


def _row(reference: FloatArray) -> Array:
    row = np.asarray(reference, np.float32)
    if row.ndim != 1:
        row = row.reshape(-1)
    if len(row) < _LEAST or not np.isfinite(row).all():
        raise InvalidOption(f"the photo's coefficients cannot be used ({row.shape[0]} numbers)", fix="Give 70 or 73")
    return row[:_LEAST]


def _rows(option: str, coefficients: FloatArray, least: int) -> Array:
    rows = np.asarray(coefficients, np.float32)
    if rows.ndim != 2 or not len(rows) or rows.shape[1] < least or not np.isfinite(rows).all():
        why = f"it has the shape {list(rows.shape)} instead of [frames, {least} or more], or holds what is no number"
        raise InvalidOption(f"--{option} cannot be used", why, "Take the coefficients of a video that shows a face")
    return rows
