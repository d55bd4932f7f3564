"""Motion as glTF 2.0 (``.glb``): a skeleton of nodes and one animation, for engines and for retargeting in Blender."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from paksatalker.core.animation.body.skeleton import JOINT_NAMES, PARENTS, Skeleton
from paksatalker.core.tracks import BodyTrack

_FLOAT, _UNSIGNED_SHORT = 5126, 5123
_MAGIC, _VERSION, _JSON, _BIN = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
#: Half the width of the markers that make the skeleton visible, metres.
_MARK = 0.012


class _Buffer:
    """Binary data and how it is laid out. What is reserved is written later."""

    def __init__(self) -> None:
        self.data: list[tuple[int, bytes]] = []
        self.size = 0
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, values: npt.NDArray[Any], kind: str, target: int | None = None, *, limits: bool = False) -> int:
        """Appends an array; returns the index of its accessor."""
        values = np.ascontiguousarray(values)
        self.data.append((self.size, values.tobytes()))
        accessor = self.reserve(len(values), values.nbytes // len(values), kind, target)
        self.accessors[accessor]["componentType"] = _FLOAT if values.dtype == np.float32 else _UNSIGNED_SHORT
        if limits:
            rows = values.reshape(len(values), -1)
            self.accessors[accessor] |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        return accessor

    def reserve(self, count: int, each: int, kind: str, target: int | None = None) -> int:
        """Makes room for ``count`` floats or vectors of ``each`` bytes; returns the index of their accessor."""
        view: dict[str, Any] = {"buffer": 0, "byteOffset": self.size, "byteLength": count * each}
        if target is not None:
            view["target"] = target
        self.size += (count * each + 3) // 4 * 4
        self.views.append(view)
        accessor = {"bufferView": len(self.views) - 1, "componentType": _FLOAT, "count": count, "type": kind}
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def offset(self, accessor: int) -> int:
        """Where an accessor's data begins."""
        return int(self.views[accessor]["byteOffset"])


def write(file: BinaryIO, tracks: Iterable[BodyTrack], frames: int, fps: float, skeleton: Skeleton) -> None:
    """Writes a motion as ``.glb`` to an open file that can be sought in.

    Nodes have the names of SMPL-X's joints. A small octahedron at each joint, skinned to it, makes the motion visible.

    Args:
        file: Where to.
        tracks: The motion, from the start.
        frames: How many frames it has in all.
        fps: Frames a second.
        skeleton: Whose motion it is.
    """
    buffer = _Buffer()
    animation = _animation(frames, fps, buffer)
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "PaksaTalker"},
        "scene": 0,
        "scenes": [{"nodes": [0, len(JOINT_NAMES)]}],
        "nodes": [*_nodes(skeleton), {"name": "markers", "mesh": 0, "skin": 0}],
        "animations": [animation],
        "meshes": [_markers(skeleton, buffer)],
        "skins": [_skin(skeleton, buffer)],
        "materials": [{"name": "markers", "pbrMetallicRoughness": {"metallicFactor": 0.0}}],
    }
    document |= {"buffers": [{"byteLength": buffer.size}], "bufferViews": buffer.views, "accessors": buffer.accessors}
    head = json.dumps(document, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 4)
    start = 12 + 8 + len(head) + 8
    file.write(struct.pack("<III", _MAGIC, _VERSION, start + buffer.size))
    file.write(struct.pack("<II", len(head), _JSON) + head)
    file.write(struct.pack("<II", buffer.size, _BIN))
    file.truncate(start + buffer.size)
    for offset, data in buffer.data:
        file.seek(start + offset)
        file.write(data)
    outputs = [buffer.offset(sampler["output"]) + start for sampler in animation["samplers"]]
    _fill(file, tracks, skeleton, outputs)


def _fill(file: BinaryIO, tracks: Iterable[BodyTrack], skeleton: Skeleton, outputs: list[int]) -> None:
    """Writes every sampler's values run by run to its own place."""
    last = None
    done = 0
    for track in tracks:
        turned = quaternions(track, last)
        last = turned[-1]
        places = (track.root + skeleton.offsets[0]).astype("<f4")
        for values, offset in zip([places, *turned.swapaxes(0, 1)], outputs, strict=True):
            file.seek(offset + done * values.shape[1] * 4)
            file.write(np.ascontiguousarray(values, "<f4").tobytes())
        done += len(track)


def _nodes(skeleton: Skeleton) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    for joint, name in enumerate(JOINT_NAMES):
        node: dict[str, Any] = {"name": name, "translation": skeleton.offsets[joint].tolist()}
        children = [child for child, parent in enumerate(PARENTS) if parent == joint]
        if children:
            node["children"] = children
        nodes.append(node)
    return nodes


def quaternions(track: BodyTrack, before: npt.NDArray[np.float32] | None = None) -> npt.NDArray[np.float32]:
    """Rotations float32 [T, 55, 4], x y z w, each in the half that is nearer to the frame before, so that they blend.

    Args:
        track: The motion.
        before: [55, 4] of the frame before the first.
    """
    flat = Rotation.from_rotvec(track.pose.reshape(-1, 3).astype(np.float64)).as_quat()
    found = flat.reshape(len(track), len(JOINT_NAMES), 4)
    first = found[:1] if before is None else before[None]
    previous = np.concatenate([first, found[:-1]])
    sign = np.where((found * previous).sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
    single = (found * np.cumprod(sign, axis=0)).astype(np.float32)
    return np.asarray(single / np.linalg.norm(single, axis=-1, keepdims=True), np.float32)


def _animation(frames: int, fps: float, buffer: _Buffer) -> dict[str, Any]:
    """Where the root is and how every joint is turned; the samplers' outputs are only reserved."""
    clock = buffer.add((np.arange(frames) / fps).astype(np.float32), "SCALAR", limits=True)
    outputs = [("translation", 0, buffer.reserve(frames, 12, "VEC3"))]
    outputs += [("rotation", joint, buffer.reserve(frames, 16, "VEC4")) for joint in range(len(JOINT_NAMES))]
    return {
        "name": "gesture",
        "samplers": [{"input": clock, "interpolation": "LINEAR", "output": output} for _, _, output in outputs],
        "channels": [
            {"sampler": index, "target": {"node": joint, "path": path}}
            for index, (path, joint, _) in enumerate(outputs)
        ],
    }


def _rest(skeleton: Skeleton) -> npt.NDArray[np.float64]:
    return np.asarray(skeleton.world(np.zeros((1, len(JOINT_NAMES), 3)), np.zeros((1, 3)))[0][0])


def _markers(skeleton: Skeleton, buffer: _Buffer) -> dict[str, Any]:
    corners = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float64)
    faces = np.array([[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]])
    count = len(JOINT_NAMES)
    points = (_rest(skeleton)[:, None] + corners * _MARK).reshape(-1, 3).astype(np.float32)
    index = (np.arange(count)[:, None, None] * len(corners) + faces).astype(np.uint16).ravel()
    joints = np.zeros((len(points), 4), np.uint16)
    joints[:, 0] = np.repeat(np.arange(count), len(corners))
    weights = np.zeros((len(points), 4), np.float32)
    weights[:, 0] = 1
    attributes = {
        "POSITION": buffer.add(points, "VEC3", 34962, limits=True),
        "NORMAL": buffer.add(np.tile(corners, (count, 1)).astype(np.float32), "VEC3", 34962),
        "JOINTS_0": buffer.add(joints, "VEC4", 34962),
        "WEIGHTS_0": buffer.add(weights, "VEC4", 34962),
    }
    indices = buffer.add(index, "SCALAR", 34963)
    return {"name": "markers", "primitives": [{"attributes": attributes, "indices": indices, "material": 0}]}


def _skin(skeleton: Skeleton, buffer: _Buffer) -> dict[str, Any]:
    inverse = np.tile(np.eye(4), (len(JOINT_NAMES), 1, 1))
    inverse[:, 3, :3] = -_rest(skeleton)  # column-major: the translation stands in the last row here
    matrices = buffer.add(inverse.reshape(-1, 16).astype(np.float32), "MAT4")
    return {"inverseBindMatrices": matrices, "skeleton": 0, "joints": list(range(len(JOINT_NAMES)))}
