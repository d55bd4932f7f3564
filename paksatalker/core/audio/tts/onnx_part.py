"""A part of an ONNX model as a model of its own, and faster convolutions of 8 bits, without the ``onnx`` package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paksatalker.core.audio.tts.onnx_output import (
    GRAPH,
    INPUT,
    NODE,
    NODE_INPUT,
    NODE_OPERATION,
    NODE_OUTPUT,
    VALUE_NAME,
    field,
    float_input,
    node,
    output,
    varint,
)
from paksatalker.models.onnx_graph import fields

# Field numbers from onnx.proto3: GraphProto.initializer; TensorProto.name; NodeProto.attribute; AttributeProto.name,
# .i, .type; TensorProto.data_type, .raw_data.
_INITIALIZER, _TENSOR_NAME, _NODE_ATTRIBUTE = 5, 8, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INT, _ATTRIBUTE_TYPE, _INT = 1, 3, 20, 2
_DATA_TYPE, _RAW_DATA, _UINT8, _INT8 = 2, 9, 2, 3
_ACTIVATION, _ZERO_POINT = 0, 2  # places among the inputs of ConvInteger
_TOP_BIT = "top bit"


def subgraph(model: bytes, inputs: Mapping[str, int], outputs: Sequence[str]) -> bytes:
    """The part of a model that makes some of its tensors.

    Args:
        model: A serialised ONNX model.
        inputs: float32 tensors that are given, and how many dimensions each has; what makes them is left out. Of the
            model's own inputs, those that are needed stay.
        outputs: Names of the tensors that are made.

    Raises:
        ValueError: It is no ONNX model.
    """
    head, graph = _opened(model)
    nodes = [value for number, value in graph if number == NODE]
    makers = {name: index for index, one in enumerate(nodes) for name in _names(one, NODE_OUTPUT)}
    chosen: set[int] = set()
    needed: set[str] = set()
    wanted = list(outputs)
    while wanted:
        name = wanted.pop()
        if name in needed:
            continue
        needed.add(name)
        if name not in inputs and (index := makers.get(name)) is not None and index not in chosen:
            chosen.add(index)
            wanted += _names(nodes[index], NODE_INPUT)
    kept = [field(NODE, bytes(one)) for index, one in enumerate(nodes) if index in chosen]
    for number, value in graph:
        place = {INPUT: VALUE_NAME, _INITIALIZER: _TENSOR_NAME}.get(number)
        if place is not None and _names(value, place)[0] in needed:
            kept.append(field(number, bytes(value)))
    kept += [float_input(name, dimensions) for name, dimensions in inputs.items() if name in needed]
    kept += [output(name) for name in outputs]
    return head + field(GRAPH, b"".join(kept))


def with_signed_activations(model: bytes) -> bytes:
    """A copy of a model whose dynamically quantised convolutions get signed activations, to the same result.

    onnxruntime multiplies unsigned weights by signed activations twice as fast as by unsigned ones, on x86. Both have 8
    bits: what stands for zero moves by 128 with them, so that every sum of the convolution stays what it was.

    Args:
        model: A serialised ONNX model.

    Raises:
        ValueError: It is no ONNX model.
    """
    head, graph = _opened(model)
    kept: list[bytes] = []
    done: set[str] = set()
    for number, value in graph:
        if number == NODE and _names(value, NODE_OPERATION) == ["ConvInteger"]:
            taken = _names(value, NODE_INPUT)
            for name in {taken[_ACTIVATION], taken[_ZERO_POINT]} - done:
                kept += _signed(name)
                done.add(name)
            kept.append(field(NODE, _renamed_inputs(value, {_ACTIVATION, _ZERO_POINT})))
        else:
            kept.append(_encoded(number, value))
    if done:
        kept.append(field(_INITIALIZER, _top_bit()))
    return head + field(GRAPH, b"".join(kept))


def _opened(model: bytes) -> tuple[bytes, list[tuple[int, Any]]]:
    """What is around the graph, serialised, and the fields of the graph."""
    head, graph = [], []
    try:
        for number, value in fields(memoryview(model)):
            if number == GRAPH:
                graph += list(fields(value))
            else:
                head.append(_encoded(number, value))
    except (IndexError, TypeError) as error:
        raise ValueError(f"not a model in the ONNX format: {error}") from error
    return b"".join(head), graph


def _encoded(number: int, value: Any) -> bytes:
    return varint(number << 3) + varint(value) if isinstance(value, int) else field(number, bytes(value))


def _names(message: memoryview, place: int) -> list[str]:
    return [bytes(value).decode() for number, value in fields(message) if number == place]


def _signed(name: str) -> Iterator[bytes]:
    """Nodes that move unsigned numbers down by 128: the top bit is turned, and the byte read as signed."""
    to = field(_NODE_ATTRIBUTE, _integer("to", _INT8))
    yield node("BitwiseXor", (name, _TOP_BIT), f"{name} turned")
    yield node("Cast", (f"{name} turned",), _signed_name(name), to)


def _signed_name(name: str) -> str:
    return f"{name} signed"


def _integer(name: str, value: int) -> bytes:
    number, kind = varint(_ATTRIBUTE_INT << 3) + varint(value), varint(_ATTRIBUTE_TYPE << 3) + varint(_INT)
    return field(_ATTRIBUTE_NAME, name.encode()) + number + kind


def _top_bit() -> bytes:
    kind = varint(_DATA_TYPE << 3) + varint(_UINT8)
    return kind + field(_TENSOR_NAME, _TOP_BIT.encode()) + field(_RAW_DATA, b"\x80")


def _renamed_inputs(message: memoryview, places: set[int]) -> bytes:
    """A node that takes the signed numbers at some places."""
    made, place = [], 0
    for number, value in fields(message):
        if number == NODE_INPUT:
            name = bytes(value).decode()
            made.append(field(NODE_INPUT, (_signed_name(name) if place in places else name).encode()))
            place += 1
        else:
            made.append(_encoded(number, value))
    return b"".join(made)
