"""What makes generated motion presentable: no drift, feet that stay, gestures of any size, a calm start and end.

Everything works frame by frame with a short memory, so that motion streams through. The order is: drift, gesture size,
blending, feet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from paksatalker.core.animation.body.feet import FootLock
from paksatalker.core.animation.body.skeleton import Skeleton, average_adult, rest_pose
from paksatalker.core.tracks import BodyTrack
from paksatalker.errors import InvalidOption

FloatArray = npt.NDArray[np.float32]

#: Joints that gesture: spine, neck, head, arms and hands.
GESTURING: tuple[int, ...] = (3, 6, 9, *range(12, 22), *range(25, 55))
#: Time in which half of a wandering off is taken back, seconds.
_HOME_S = 1.5


@dataclass(frozen=True, slots=True)
class Shaping:
    """What is done to the motion.

    Attributes:
        keep_place: Take back the root's wandering; swaying from foot to foot stays.
        plant_feet: A foot that stands does not slide.
        amplitude: Size of gestures about the rest pose, 0–2: 1 leaves them, 0 is the rest pose.
        blend: Seconds from and to the rest pose at start and end, 0–5.
    """

    keep_place: bool = True
    plant_feet: bool = True
    amplitude: float = 1.0
    blend: float = 0.5

    def __post_init__(self) -> None:
        for name, low, high in (("amplitude", 0.0, 2.0), ("blend", 0.0, 5.0)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InvalidOption(f"{name} is {value}", f"it goes from {low:g} to {high:g}", "Choose another value")


NOTHING = Shaping(keep_place=False, plant_feet=False, amplitude=1.0, blend=0.0)


def shape(tracks: Iterable[BodyTrack], how: Shaping, skeleton: Skeleton | None = None) -> Iterator[BodyTrack]:
    """Shapes motion that streams through.

    Args:
        tracks: Neighbouring runs of frames, from the start.
        how: What to do.
        skeleton: Proportions of who moves, for the feet.

    Yields:
        Neighbouring runs; together as many frames as came in. The last ``blend`` seconds wait for the end.
    """
    rest = rest_pose()
    if how.keep_place:
        tracks = _in_place(tracks)
    if how.amplitude != 1.0:
        tracks = _sized(tracks, rest, how.amplitude)
    if how.blend > 0:
        tracks = _blended(tracks, rest, how.blend)
    if how.plant_feet:
        tracks = _planted(tracks, skeleton or average_adult())
    yield from tracks


def _in_place(tracks: Iterable[BodyTrack]) -> Iterator[BodyTrack]:
    """A leaky sum of steps instead of a plain one: what is fast stays, what is slow comes home."""
    here = before = None
    for track in tracks:
        keep = 0.5 ** (1 / (_HOME_S * track.fps))
        root = track.root.astype(np.float64)
        for row in root:
            place = row[[0, 2]].copy()
            here = np.zeros(2) if here is None else here * keep + place - before
            before = place
            row[[0, 2]] = here
        yield replace(track, root=root.astype(np.float32))


def _towards(pose: FloatArray, rest: FloatArray, share: npt.ArrayLike) -> FloatArray:
    """Rotations [T, J, 3] at a share [T] of the way from the rest [J, 3] to themselves, beyond it above 1."""
    base = Rotation.from_rotvec(np.broadcast_to(rest, pose.shape).reshape(-1, 3))
    way = (base.inv() * Rotation.from_rotvec(pose.reshape(-1, 3))).as_rotvec().reshape(pose.shape)
    way *= np.asarray(share, np.float64)[:, None, None]
    angle = np.linalg.norm(way, axis=-1, keepdims=True)
    way *= np.minimum(1, 3.0 / np.maximum(angle, 1e-9))  # a joint that is sent beyond half a turn would jump
    return (base * Rotation.from_rotvec(way.reshape(-1, 3))).as_rotvec().reshape(pose.shape).astype(np.float32)


def _sized(tracks: Iterable[BodyTrack], rest: FloatArray, amplitude: float) -> Iterator[BodyTrack]:
    joints = list(GESTURING)
    for track in tracks:
        pose = track.pose.copy()
        pose[:, joints] = _towards(pose[:, joints], rest[joints], np.full(len(track), amplitude))
        yield replace(track, pose=pose)


def _blended(tracks: Iterable[BodyTrack], rest: FloatArray, seconds: float) -> Iterator[BodyTrack]:
    held: BodyTrack | None = None
    for track in tracks:
        count = round(seconds * track.fps)
        held = track if held is None else BodyTrack.concatenate([held, track])
        ready = len(held) - count
        if ready > 0 and held.first_frame + len(held) >= 2 * count:  # else the start's share depends on the length
            yield _at_rest(held[:ready], rest, count, None)
            held = held[ready:]
    if held is not None and len(held):
        yield _at_rest(held, rest, round(seconds * held.fps), held.first_frame + len(held))


def _at_rest(track: BodyTrack, rest: FloatArray, count: int, end: int | None) -> BodyTrack:
    """The track with its share of the rest pose; ``end`` is the number of frames in all, where it is known."""
    frame = track.first_frame + np.arange(len(track))
    if end is not None:
        count = min(count, end // 2)  # a short clip goes half the way each
    if count < 1 or (end is None and frame[0] >= count):
        return track
    way = np.minimum(1.0, frame / count)
    if end is not None:
        way = np.minimum(way, (end - 1 - frame) / count)
    share = way * way * (3 - 2 * way)
    expressions = None if track.expressions is None else (track.expressions * share[:, None]).astype(np.float32)
    return replace(track, pose=_towards(track.pose, rest, share), expressions=expressions)


def _planted(tracks: Iterable[BodyTrack], skeleton: Skeleton) -> Iterator[BodyTrack]:
    lock = FootLock(skeleton)
    for track in tracks:
        yield lock.apply(track)
