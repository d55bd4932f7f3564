"""Reads the nodes and weights of an ONNX file, without the ``onnx`` package.

Of the format (onnx.proto3) it reads what networks use: nodes, their attributes, and dense tensors inside the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

_VARINT, _64_BIT, _BYTES, _32_BIT = 0, 1, 2, 5  # protobuf wire types
# Field numbers from onnx.proto3.
_MODEL_GRAPH, _GRAPH_NODE, _GRAPH_INITIALIZER = 7, 1, 5
_TYPES: dict[int, str] = {
    1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """One operation: names of what it takes (empty where left out) and makes, and its attributes."""

    operation: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in the order of the file, and constants by name."""

    nodes: tuple[Node, ...]
    constants: dict[str, npt.NDArray[Any]]


def read_graph(content: bytes) -> Graph:
    """Reads a serialised model.

    Raises:
        ValueError: It is no ONNX model, or has tensors of a kind that is not read here.
    """
    nodes: list[Node] = []
    constants: dict[str, npt.NDArray[Any]] = {}
    try:
        for number, part in fields(memoryview(content)):
            if number != _MODEL_GRAPH:
                continue
            for inner, value in fields(part):
                if inner == _GRAPH_NODE:
                    nodes.append(_node(value))
                elif inner == _GRAPH_INITIALIZER:
                    name, tensor = _tensor(value)
                    constants[name] = tensor
    except (IndexError, struct.error, TypeError, KeyError) as error:
        raise ValueError(f"not a model in the ONNX format: {error}") from error
    if not nodes:
        raise ValueError("not a model in the ONNX format: it has no nodes")
    return Graph(tuple(nodes), constants)


def fields(data: memoryview) -> Iterator[tuple[int, Any]]:
    """The fields of a protobuf message: number and value, an integer or the bytes of whatever else it is.

    Raises:
        IndexError: It ends too early.
        TypeError: It has a field of an unknown wire type.
    """
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _varint(data, position)
            yield number, value
        elif kind == _BYTES:
            size, position = _varint(data, position)
            if position + size > len(data):
                raise IndexError("it ends too early")
            yield number, data[position : position + size]
            position += size
        elif kind in (_32_BIT, _64_BIT):
            size = 4 if kind == _32_BIT else 8
            yield number, data[position : position + size]
            position += size
        else:
            raise TypeError(f"wire type {kind}")


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8")


def _integers(value: Any) -> list[int]:
    """A repeated int64, packed or one by one."""
    if isinstance(value, int):
        return [_signed(value)]
    numbers, position = [], 0
    while position < len(value):
        number, position = _varint(value, position)
        numbers.append(_signed(number))
    return numbers


def _node(data: memoryview) -> Node:
    inputs: list[str] = []
    outputs: list[str] = []
    name = operation = ""
    attributes: dict[str, Any] = {}
    for number, value in fields(data):
        if number == 1:
            inputs.append(_text(value))
        elif number == 2:
            outputs.append(_text(value))
        elif number == 3:
            name = _text(value)
        elif number == 4:
            operation = _text(value)
        elif number == 5:
            key, content = _attribute(value)
            attributes[key] = content
    return Node(operation, name, tuple(inputs), tuple(outputs), attributes)


def _attribute(data: memoryview) -> tuple[str, Any]:
    name, content = "", None
    many: list[Any] = []
    for number, value in fields(data):
        if number == 1:
            name = _text(value)
        elif number == 2:
            content = struct.unpack("<f", value)[0]
        elif number == 3:
            content = _signed(value)
        elif number == 4:
            content = _text(value)
        elif number == 5:
            content = _tensor(value)[1]
        elif number == 7:
            many += np.frombuffer(value, "<f4").tolist()
        elif number == 8:
            many += _integers(value)
    return name, many if content is None else content


def _tensor(data: memoryview) -> tuple[str, npt.NDArray[Any]]:  # noqa: C901  (one branch a field)
    name, shape, kind = "", [], 1
    raw: memoryview | None = None
    floats: list[memoryview] = []
    integers: list[int] = []
    for number, value in fields(data):
        if number == 1:
            shape += _integers(value)
        elif number == 2:
            kind = value
        elif number == 4:
            floats.append(value)
        elif number in (5, 7):
            integers += _integers(value)
        elif number == 8:
            name = _text(value)
        elif number == 9:
            raw = value
        elif number == 13:
            raise TypeError("weights outside the file")
    if raw is not None:
        flat = np.frombuffer(raw, _TYPES[kind])
    elif floats:
        flat = np.frombuffer(b"".join(floats), "<f4")
    else:
        flat = np.array(integers).astype(_TYPES[kind])
    return name, flat.reshape(shape)
