"""Shaping of body motion and the files it is kept in."""

import io
import json
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from paksatalker.core.animation.body import bvh, files, gltf, npz
from paksatalker.core.animation.body.shaping import NOTHING, Shaping, shape
from paksatalker.core.animation.body.skeleton import JOINT_NAMES, JOINTS, PARENTS, average_adult, rest_pose
from paksatalker.core.tracks import BodyTrack
from paksatalker.errors import InvalidOption, MotionUnreadable, OutputUnwritable

SKELETON = average_adult()


def motion(frames=150, seed=0, drift=0.0):
    """Somebody who stands, sways, gestures, and slides backwards."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] / 30
    pose = rest_pose() + 0.25 * rng.standard_normal((1, 55, 3)) * np.sin(time * rng.uniform(2, 5, (1, 55, 3)))
    pose[:, [1, 2, 4, 5, 7, 8]] *= 0.2
    root = np.zeros((frames, 3))
    root[:, 1] = 1.27
    root[:, 0] = 0.02 * np.sin(time[:, 0, 0] * 2)
    root[:, 2] = -drift * time[:, 0, 0]
    expressions = rng.standard_normal((frames, 100))
    return BodyTrack(30.0, pose.astype(np.float32), root.astype(np.float32), expressions=expressions.astype(np.float32))


def shaped(track, **how):
    return BodyTrack.concatenate(
        list(shape([track], Shaping(**{"blend": 0, "plant_feet": False, "keep_place": False} | how)))
    )


def matrices(pose):
    return Rotation.from_rotvec(np.asarray(pose, float).reshape(-1, 3)).as_matrix()


def same_pose(one, other, limit=1e-4):
    return np.abs(matrices(one) - matrices(other)).max() < limit


def test_the_skeleton_is_an_upright_mirror_image_of_itself():
    where, _ = SKELETON.world(np.zeros((1, 55, 3)), np.zeros((1, 3)))
    left = [JOINTS[name] for name in JOINT_NAMES if name.startswith("left_")]
    right = [JOINTS[name.replace("left_", "right_")] for name in JOINT_NAMES if name.startswith("left_")]
    assert np.allclose(where[0, left] * [-1, 1, 1], where[0, right])
    assert 1.3 < where[0, JOINTS["head"], 1] - where[0, JOINTS["left_foot"], 1] < 1.6
    assert all(parent < child for child, parent in enumerate(PARENTS))


def test_nothing_asked_nothing_changed():
    track = motion()
    (found,) = shape([track], NOTHING)
    assert found is track


@pytest.mark.parametrize("how", [{"amplitude": 1.4}, {"blend": 0.7}, {"keep_place": True}, {"plant_feet": True}])
def test_cutting_the_stream_differently_changes_nothing(how):
    track = motion(drift=0.1)
    options = Shaping(**{"blend": 0, "plant_feet": False, "keep_place": False} | how)
    whole = BodyTrack.concatenate(list(shape([track], options)))
    pieces = [track[0:1], track[1:40], track[40:41], track[41:150]]
    cut = BodyTrack.concatenate(list(shape(pieces, options)))
    assert len(whole) == len(cut) == 150
    assert np.abs(whole.pose - cut.pose).max() < 1e-5
    assert np.abs(whole.root - cut.root).max() < 1e-5


def test_drift_is_taken_back_and_swaying_stays():
    track = motion(600, drift=0.05)  # a metre in 20 s
    found = shaped(track, keep_place=True)
    assert np.abs(found.root[:, 2]).max() < 0.15
    assert np.ptp(found.root[-150:, 0]) > 0.5 * np.ptp(track.root[-150:, 0])
    assert np.array_equal(found.root[:, 1], track.root[:, 1])


def test_amplitude_scales_gestures_about_the_rest_pose_and_leaves_the_legs():
    track = motion()
    elbow = JOINTS["left_elbow"]
    rest = Rotation.from_rotvec(rest_pose()[elbow]).inv()
    angle = [
        np.degrees((rest * Rotation.from_rotvec(t.pose[:, elbow])).magnitude())
        for t in (track, shaped(track, amplitude=1.5))
    ]
    assert np.allclose(angle[1], 1.5 * angle[0], atol=0.1)
    still = shaped(track, amplitude=0.0)
    assert same_pose(still.pose[:, elbow], np.broadcast_to(rest_pose()[elbow], (150, 3)))
    assert np.array_equal(still.pose[:, JOINTS["left_knee"]], track.pose[:, JOINTS["left_knee"]])


@pytest.mark.parametrize("frames", [2, 9, 30, 150])
def test_blending_starts_and_ends_at_rest(frames):
    track = motion(frames)
    found = shaped(track, blend=0.5)
    assert len(found) == frames
    assert same_pose(found.pose[0], rest_pose())
    assert same_pose(found.pose[-1], rest_pose())
    assert not found.expressions[0].any()
    if frames == 150:
        assert np.array_equal(found.pose[20:130], track.pose[20:130])


def test_feet_that_stand_do_not_slide():
    track = motion(300, drift=0.04)
    found = shaped(track, plant_feet=True)
    ankles = [JOINTS["left_ankle"], JOINTS["right_ankle"]]

    def slid(one):
        where, _ = SKELETON.world(one.pose, one.root)
        return np.linalg.norm(np.diff(where[:, ankles][..., [0, 2]], axis=0), axis=-1)

    assert np.median(slid(found)) < 0.05 * np.median(slid(track))
    assert slid(found).max() < 0.06  # no jumps: less than 1.8 m/s while a foot is set anew


def test_planting_keeps_bones_and_the_direction_of_the_foot():
    track = motion(120, drift=0.05)
    found = shaped(track, plant_feet=True)
    _, before = SKELETON.world(track.pose, track.root)
    _, after = SKELETON.world(found.pose, found.root)
    assert np.abs(before[:, JOINTS["left_ankle"]] - after[:, JOINTS["left_ankle"]]).max() < 1e-4
    upper = [j for j in range(55) if j not in {1, 2, 4, 5, 7, 8}]
    assert np.array_equal(found.pose[:, upper], track.pose[:, upper])
    assert np.isfinite(found.pose).all()


@pytest.mark.parametrize("how", [{"amplitude": 2.1}, {"amplitude": -1}, {"blend": 5.1}, {"amplitude": float("nan")}])
def test_options_out_of_range(how):
    with pytest.raises(InvalidOption):
        Shaping(**how)


def test_npz_is_what_the_official_tools_write(tmp_path):
    track = motion()
    assert files.save(tmp_path / "m.npz", [track[:70], track[70:150]]) == 150
    with np.load(tmp_path / "m.npz", allow_pickle=False) as data:
        kinds = {name: (data[name].shape, data[name].dtype.str) for name in data.files}
        assert str(data["model"]) == "smplx2020"
        assert str(data["gender"]) == "neutral"
        assert int(data["mocap_frame_rate"]) == 30
    assert kinds["betas"] == ((300,), "<f4")
    assert kinds["poses"] == ((150, 165), "<f4")
    assert kinds["expressions"] == ((150, 100), "<f4")
    assert kinds["trans"] == ((150, 3), "<f4")
    back = npz.read(tmp_path / "m.npz")
    assert np.array_equal(back.pose, track.pose)
    assert np.array_equal(back.root, track.root)
    assert np.array_equal(back.expressions, track.expressions)


def _write(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    "arrays",
    [
        {"trans": np.zeros((3, 3))},
        {"poses": np.zeros((3, 164))},
        {"poses": np.zeros((0, 165))},
        {"poses": np.zeros((3, 165)), "trans": np.zeros((4, 3))},
        {"poses": np.full((3, 165), np.nan)},
        {"poses": np.full((3, 165), 1e300)},
        {"poses": np.zeros((3, 165)), "mocap_frame_rate": np.array(0)},
        {"poses": np.zeros((3, 165)), "mocap_frame_rate": np.array("x")},
        {"poses": np.array([["a"] * 165] * 3)},
        {"poses": np.array([[None] * 165] * 3, dtype=object)},
    ],
)
def test_motion_that_is_none(tmp_path, arrays):
    with pytest.raises(MotionUnreadable):
        npz.read(_write(tmp_path / "m.npz", **arrays))


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "m.npz"
    path.write_bytes(data)
    with pytest.raises(MotionUnreadable):
        npz.read(path)


def test_truncated_and_missing_files_are_refused(tmp_path):
    files.save(tmp_path / "m.npz", [motion(20)])
    whole = (tmp_path / "m.npz").read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.npz").write_bytes(whole[:size])
        with pytest.raises(MotionUnreadable):
            npz.read(tmp_path / "cut.npz")
    with pytest.raises(MotionUnreadable):
        npz.read(tmp_path / "nothing.npz")
    with pytest.raises(MotionUnreadable):
        npz.read(tmp_path)


def test_a_bomb_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive, archive.open("poses.npy", "w", force_zip64=True) as out:
        out.write(b"x")
    data = (tmp_path / "m.npz").read_bytes()
    at = data.index(b"PK\x01\x02") + 24  # the size that the directory claims
    (tmp_path / "m.npz").write_bytes(data[:at] + struct.pack("<I", 0xFFFFFFF0) + data[at + 4 :])
    with pytest.raises(MotionUnreadable):
        npz.read(tmp_path / "m.npz")


def _head(shape):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("poses.npy", _head((10**12, 165))),  # claims 600 TB
        ("poses.npy", _head((2**62, 165))),
        ("poses.npy", _head((3, 165)) + bytes(100)),
        ("poses.npy", _head((1, 165)) + bytes(5 * 660)),
        ("poses.npy", b"hello"),
        ("poses", b"hello"),
    ],
)
def test_arrays_that_are_not_what_they_say(tmp_path, name, content):
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr(name, content)
    with pytest.raises(MotionUnreadable):
        npz.read(tmp_path / "m.npz")


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_within_compressed_arrays(tmp_path, how):
    with zipfile.ZipFile(tmp_path / "m.npz", "w", how) as archive:
        archive.writestr("poses.npy", _head((60, 165)) + np.random.default_rng(0).bytes(60 * 660))
    data = bytearray((tmp_path / "m.npz").read_bytes())
    for start in (45, 60, 3000):
        torn = data.copy()
        torn[start : start + 40] = b"\xff" * 40
        (tmp_path / "torn.npz").write_bytes(torn)
        with pytest.raises(MotionUnreadable):
            npz.read(tmp_path / "torn.npz")


def _read_bvh(text):
    head, body = text.split("MOTION\n")
    names = [line.split()[1] for line in head.splitlines() if line.split()[0] in ("ROOT", "JOINT")]
    rows = [np.array(line.split(), float) for line in body.splitlines()[2:]]
    return names, body.splitlines()[:2], np.array(rows), head


def test_bvh_says_the_same_motion(tmp_path):
    track = motion(60)
    files.save(tmp_path / "m.bvh", [track])
    names, head, rows, hierarchy = _read_bvh((tmp_path / "m.bvh").read_text())
    assert head == ["Frames: 60", "Frame Time: 0.03333333"]
    assert sorted(names) == sorted(JOINT_NAMES)
    assert rows.shape == (60, 3 + 3 * 55)
    assert hierarchy.count("{") == hierarchy.count("}")
    assert np.allclose(rows[:, :3], (track.root + SKELETON.offsets[0]) * 100, atol=1e-3)
    angles = rows[:, 3:].reshape(60, 55, 3)
    found = Rotation.from_euler("ZXY", angles.reshape(-1, 3), degrees=True).as_matrix().reshape(60, 55, 3, 3)
    order = [JOINTS[name] for name in names]
    assert np.abs(found - matrices(track.pose[:, order]).reshape(60, 55, 3, 3)).max() < 1e-5


def test_bvh_angles_never_jump():
    turning = np.zeros((300, 55, 3), np.float32)
    turning[:, 0, 1] = np.linspace(-9, 9, 300)  # nearly three times round
    turning[:, 3] = np.outer(np.linspace(-3, 3, 300), [0.6, 0.0, 0.8])
    lines = bvh.BvhText(SKELETON)
    track = BodyTrack(30.0, turning, np.zeros((300, 3), np.float32))
    rows = np.array([np.array(line.split(), float) for run in (track[:99], track[99:]) for line in lines.lines(run)])
    assert np.abs(np.diff(rows[:, 3:], axis=0)).max() < 60


def _read_glb(data):
    magic, version, size = struct.unpack_from("<III", data)
    assert (magic, version, size) == (0x46546C67, 2, len(data))
    length, kind = struct.unpack_from("<II", data, 12)
    assert kind == 0x4E4F534A
    document = json.loads(data[20 : 20 + length])
    _, kind = struct.unpack_from("<II", data, 20 + length)
    assert kind == 0x004E4942
    return document, data[28 + length :]


def _accessor(document, binary, index):
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor["type"]]
    kind = {5126: "<f4", 5123: "<u2"}[accessor["componentType"]]
    values = np.frombuffer(binary, kind, accessor["count"] * width, view["byteOffset"])
    assert view["byteOffset"] + view["byteLength"] <= document["buffers"][0]["byteLength"] == len(binary)
    return values.reshape(-1, width)


def test_glb_says_the_same_motion(tmp_path):
    track = motion(1500)  # more than one run
    files.save(tmp_path / "m.glb", [track])
    document, binary = _read_glb((tmp_path / "m.glb").read_bytes())
    assert [node["name"] for node in document["nodes"][:55]] == list(JOINT_NAMES)
    animation = document["animations"][0]
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        times, values = (_accessor(document, binary, sampler[end]) for end in ("input", "output"))
        assert np.allclose(times[:, 0], np.arange(1500) / 30, atol=1e-4)
        if channel["target"]["path"] == "translation":
            assert np.allclose(values, track.root + SKELETON.offsets[0], atol=1e-6)
            continue
        joint = channel["target"]["node"]
        assert np.allclose(np.linalg.norm(values, axis=1), 1, atol=1e-5)
        assert ((values[1:] * values[:-1]).sum(axis=1) > 0).all()  # the short way from frame to frame
        assert np.abs(Rotation.from_quat(values).as_matrix() - matrices(track.pose[:, joint])).max() < 1e-5
    assert len(animation["channels"]) == 56


def test_quaternions_go_on_from_run_to_run():
    track = motion(50)
    first = gltf.quaternions(track[:20])
    second = gltf.quaternions(track[20:], first[-1])
    assert np.allclose(np.concatenate([first, second]), gltf.quaternions(track), atol=1e-6)


def test_nothing_half_written(tmp_path):
    def broken():
        yield motion(10)
        raise RuntimeError("stop")

    for suffix in files.SUFFIXES:
        with pytest.raises(RuntimeError):
            files.save(tmp_path / f"m{suffix}", broken())
    assert not list(tmp_path.iterdir())


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(InvalidOption):
        files.check_output(tmp_path / "m.fbx")
    with pytest.raises(OutputUnwritable):
        files.check_output(tmp_path / "no" / "m.npz")
