"""What holds for motion of any length, cut in any way: number of frames, rest at both ends, feet and place."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from paksatalker.core.animation.body import bvh, files, npz
from paksatalker.core.animation.body.emage import EmageBody
from paksatalker.core.animation.body.shaping import GESTURING, Shaping, shape
from paksatalker.core.animation.body.skeleton import JOINTS, PARENTS, average_adult, rest_pose
from paksatalker.core.timeline import Speech
from paksatalker.core.tracks import BodyTrack

SKELETON = average_adult()
ANKLES = [JOINTS["left_ankle"], JOINTS["right_ankle"]]
CUTS = st.lists(st.integers(0, 700), max_size=5)


def motion(frames: int, seed: int = 0, drift: float = 0.0) -> BodyTrack:
    """Somebody who stands on still legs, gestures, and slides backwards by ``drift`` metres a second."""
    chance = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] / 30
    pose = np.repeat(rest_pose()[None], frames, axis=0)
    upper = list(GESTURING)
    sizes, speeds = 0.3 * chance.standard_normal((1, len(upper), 3)), chance.uniform(1, 6, (1, len(upper), 3))
    pose[:, upper] += (sizes * np.sin(time * speeds)).astype(np.float32)
    root = np.zeros((frames, 3), np.float32)
    root[:, 0] = 0.02 * np.sin(2 * time[:, 0, 0])
    root[:, 1] = 1.27
    root[:, 2] = -drift * time[:, 0, 0]
    expressions = chance.standard_normal((frames, 100)).astype(np.float32)
    return BodyTrack(30.0, pose, root, expressions=expressions)


def pieces(track: BodyTrack, cuts: list[int]) -> Iterator[BodyTrack]:
    borders = [0, *sorted({c for c in cuts if 0 < c < len(track)}), len(track)]
    for first, last in itertools.pairwise(borders):
        yield track[first:last]


def shaped(track: BodyTrack, how: Shaping, cuts: list[int] | None = None) -> BodyTrack:
    return BodyTrack.concatenate(list(shape(pieces(track, cuts or []), how)))


def angle_between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Radians [T, J] between rotations."""
    first, second = (Rotation.from_rotvec(np.reshape(pose, (-1, 3)).astype(np.float64)) for pose in (one, other))
    return (first.inv() * second).magnitude().reshape(np.shape(one)[:-1])


class _Network:
    """Predicts nothing in particular, as long as is asked."""

    def __init__(self, torch) -> None:
        self.mask_embedding = torch.zeros(1)
        self._torch = torch

    def hear(self, samples):
        level = samples[:, None, :1].expand(-1, 64, 256)
        return SimpleNamespace(face=level, body=level)

    def __call__(self, heard, motion, mask):
        latent = self._torch.zeros(1, motion.shape[1], 256)
        parts = dict.fromkeys(("face", "upper", "hands", "lower"), latent)
        return SimpleNamespace(latent=parts, logits=parts)


def engine() -> EmageBody:
    torch = pytest.importorskip("torch", reason="needs paksatalker[neural]")
    from paksatalker.models.pantomatrix.motion import Decoded

    class Decoder:
        body = torch.nn.Conv1d(1, 1, 3)

        def part(self, _name):
            return SimpleNamespace(decoder=torch.nn.Sequential(torch.nn.Conv1d(1, 1, 3), torch.nn.Conv1d(1, 1, 3)))

        def __call__(self, codes, *, by_roots=False, where=True):
            t = codes.frames
            widths = ((t, 55, 3), (t, 100), (t, 3), (t, 337), (t, 4))
            return Decoded(*(torch.zeros(1, *width) for width in widths))

    return EmageBody(networks=SimpleNamespace(network=_Network(torch), decoder=Decoder()))


@settings(max_examples=40, deadline=None)
@given(st.floats(0.2, 20), st.sampled_from([8000, 16000, 22050, 44100, 48000]), st.lists(st.floats(0, 1), max_size=4))
@example(0.2, 16000, [])
@example(0.35, 16000, [])  # half a frame over
@example(0.95, 16000, [0.5])
@example(4.25, 48000, [0.1, 0.9])
@example(64 / 30, 16000, [])
@example(124 / 30, 48000, [])
def test_sound_of_any_length_gets_its_frames(seconds: float, rate: int, cuts: list[float]) -> None:
    count = max(round(seconds * rate), -(-rate // 5))
    sound = np.zeros(count, np.float32)
    borders = sorted(int(cut * count) for cut in cuts)
    parts = [Speech(part, rate) for part in np.split(sound, borders) if len(part)]
    runs = list(engine().gesture(parts))
    assert sum(map(len, runs)) == round(count / rate * 30)
    firsts = np.cumsum([0, *map(len, runs)])[:-1]
    assert [run.first_frame for run in runs] == firsts.tolist()


@settings(max_examples=8, deadline=None)
@given(
    st.integers(1, 220), CUTS, st.floats(0, 2), st.floats(0, 5), st.booleans(), st.booleans(), st.integers(0, 9)
)  # fmt: skip
@example(200, [160], 1.0, 5.0, False, True, 0)
@example(20, [16], 1.0, 0.5, False, False, 0)
def test_cuts_change_nothing(
    frames: int, cuts: list[int], amplitude: float, blend: float, place: bool, feet: bool, seed: int
) -> None:
    track = motion(frames, seed, drift=0.05)
    how = Shaping(keep_place=place, plant_feet=feet, amplitude=amplitude, blend=blend)
    whole, cut = shaped(track, how), shaped(track, how, cuts)
    assert len(whole) == len(cut) == frames
    assert angle_between(whole.pose, cut.pose).max() < 1e-4
    assert np.abs(whole.root - cut.root).max() < 1e-6
    assert np.abs(whole.expressions - cut.expressions).max() < 1e-6


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 320), CUTS, st.floats(0.1, 5))
@example(157, [], 4.0)
@example(200, [160], 5.0)
def test_both_ends_are_at_rest_and_nothing_jumps(frames: int, cuts: list[int], blend: float) -> None:
    track = motion(frames, drift=0.05)
    found = shaped(track, Shaping(keep_place=False, plant_feet=False, blend=blend), cuts)
    if frames > 1:
        assert angle_between(found.pose[[0, -1]], np.stack([rest_pose()] * 2)).max() < 1e-4
        assert not found.expressions[[0, -1]].any()
        most = angle_between(track.pose[1:], track.pose[:-1]).max()
        away = angle_between(track.pose, np.broadcast_to(rest_pose(), track.pose.shape)).max()
        longest = min(round(blend * 30), frames // 2)
        step = angle_between(found.pose[1:], found.pose[:-1]).max()
        assert step <= most + 1.5 * away / max(1, longest) + 1e-4


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 200), CUTS, st.integers(0, 9))
def test_gestures_of_no_size_are_the_rest_pose(frames: int, cuts: list[int], seed: int) -> None:
    found = shaped(motion(frames, seed), Shaping(False, False, amplitude=0.0, blend=0.0), cuts)
    upper = list(GESTURING)
    rest = np.broadcast_to(rest_pose()[upper], (frames, len(upper), 3))
    assert angle_between(found.pose[:, upper], rest).max() < 1e-4


@settings(max_examples=4, deadline=None)
@given(st.floats(0.0, 0.08), st.integers(200, 300), st.integers(0, 9))
def test_the_body_comes_home_and_standing_feet_stay(drift: float, frames: int, seed: int) -> None:
    track = motion(frames, seed, drift)
    found = shaped(track, Shaping(blend=0.0))
    assert np.abs(found.root[:, [0, 2]]).max() < 0.05 + 3.2 * drift  # what wanders in 1.5 / ln 2 seconds
    where, _ = SKELETON.world(found.pose, found.root)
    slid = np.linalg.norm(np.diff(where[:, ANKLES][..., [0, 2]], axis=0), axis=-1) * 30
    assert np.median(slid) < 0.002
    assert slid.max() < 1.8


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 40), st.integers(0, 50))
def test_joints_are_where_the_motion_has_them_whoever_reads_the_file(tmp_path_factory, frames: int, seed: int) -> None:
    """BVH through a reader that knows nothing of us, against the forward kinematics of the same motion as npz."""
    folder = tmp_path_factory.mktemp("motion")
    track = motion(frames, seed, drift=0.3)
    for suffix in (".npz", ".bvh"):
        files.save(folder / f"m{suffix}", [track])
    back = npz.read(folder / "m.npz")
    wanted, _ = SKELETON.world(back.pose, back.root)
    names, found = joints_in_bvh((folder / "m.bvh").read_text())
    assert np.abs(found - 100 * wanted[:, [JOINTS[name] for name in names]]).max() < 0.02  # cm; offsets are rounded
    assert [PARENTS[JOINTS[name]] for name in names].count(-1) == 1
    assert names == [list(JOINTS)[j] for j in bvh.order()]


def joints_in_bvh(text: str) -> tuple[list[str], np.ndarray]:
    """Names and positions [T, J, 3] of a BVH file, by the letter of the format."""
    head, body = text.split("MOTION")
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[list[str]] = []
    stack: list[int] = []
    for line in head.splitlines():
        word, *rest = line.split() or [""]
        if word in ("ROOT", "JOINT"):
            parents.append(stack[-1] if stack else -1)
            names.append(rest[0])
            stack.append(len(names) - 1)
        elif word == "End":
            stack.append(-1)
        elif word == "OFFSET" and stack[-1] >= 0:
            offsets.append([float(x) for x in rest])
        elif word == "CHANNELS":
            channels.append(rest[1:])
        elif word == "}":
            stack.pop()
    rows = [[float(x) for x in line.split()] for line in body.strip().splitlines()[2:]]
    return names, np.array([_positions(row, parents, offsets, channels) for row in rows])


def _positions(row: list[float], parents: list[int], offsets: list[list[float]], channels: list[list[str]]) -> list:
    values = iter(row)
    turned: list[np.ndarray] = []
    where: list[np.ndarray] = []
    for joint, parent in enumerate(parents):
        matrix, place = np.eye(3), np.array(offsets[joint])
        for channel in channels[joint]:
            value = next(values)
            if channel.endswith("position"):
                place["XYZ".index(channel[0])] += value
            else:
                matrix = matrix @ Rotation.from_euler(channel[0].lower(), value, degrees=True).as_matrix()
        turned.append(matrix if parent < 0 else turned[parent] @ matrix)
        where.append(place if parent < 0 else where[parent] + turned[parent] @ place)
    assert next(values, None) is None
    return where
