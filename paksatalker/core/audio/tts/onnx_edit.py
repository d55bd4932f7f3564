"""Edits an ONNX model without the ``onnx`` package: more outputs, factors, a part as a model of its own, other numbers.

An ONNX file is a protobuf message, and parsers concatenate repeated fields and merge repeated submessages. So appending
a second ``graph`` message that holds one more node and one more output extends the graph of the first. What takes nodes
away or changes many reads the graph and writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paksatalker.models.onnx_graph import fields

_VARINT, _BYTES = 0, 2  # protobuf wire types
# Field numbers from onnx.proto3: ModelProto.graph; GraphProto.node, .initializer, .input, .output; NodeProto.input,
# .output, .op_type, .attribute; AttributeProto.name, .i, .type; ValueInfoProto.name, .type; TypeProto.tensor_type and
# so on down to the name of a dimension; TensorProto.data_type, .name, .raw_data.
_GRAPH, _NODE, _INITIALIZER, _INPUT, _OUTPUT = 7, 1, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATION, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INT, _ATTRIBUTE_TYPE = 1, 3, 20
_VALUE_NAME, _VALUE_TYPE = 1, 2
_TENSOR_TYPE, _ELEMENT, _SHAPE, _DIM, _DIM_NAME = 1, 1, 2, 1, 2
_DATA_TYPE, _TENSOR_NAME, _RAW_DATA = 2, 8, 9
_FLOAT, _UINT8, _INT8 = 1, 2, 3  # of TensorProto.DataType
_INT = 2  # of AttributeProto.AttributeType
_ACTIVATION, _ZERO_POINT = 0, 2  # places among the inputs of ConvInteger
_TOP_BIT = "top bit"


def with_output(model: bytes, tensor: str, name: str) -> bytes:
    """A copy of the model with ``tensor`` as an additional, last output called ``name``.

    Args:
        model: A serialised ONNX model.
        tensor: Name of a tensor inside its main graph. The runtime refuses the model when there is none.
        name: Name of the new output.
    """
    return model + _field(_GRAPH, _node("Identity", (tensor,), name) + _output(name))


def with_factor(model: bytes, tensor: str, name: str) -> bytes:
    """A copy of the model in which ``tensor`` is multiplied by a new input ``name`` wherever it is used.

    The input is float32 [n] and is broadcast: one number for all, or one for each place along the last axis.

    The node that makes the tensor gets another output name of the same length, so that no length in the file changes;
    a new node makes the tensor of it. The runtime sorts the nodes itself.

    Args:
        model: A serialised ONNX model.
        tensor: Name of a tensor inside its main graph.
        name: Name of the new input.

    Raises:
        ValueError: Not exactly one node of the model makes the tensor.
    """
    model, inner = _renamed(model, tensor)
    return model + _field(_GRAPH, _node("Mul", (inner, name), tensor) + _float_input(name))


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
    nodes = [value for number, value in graph if number == _NODE]
    makers = {name: index for index, one in enumerate(nodes) for name in _names(one, _NODE_OUTPUT)}
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
            wanted += _names(nodes[index], _NODE_INPUT)
    kept = [_field(_NODE, one) for index, one in enumerate(nodes) if index in chosen]
    for number, value in graph:
        place = {_INPUT: _VALUE_NAME, _INITIALIZER: _TENSOR_NAME}.get(number)
        if place is not None and _names(value, place)[0] in needed:
            kept.append(_field(number, value))
    kept += [_float_input(name, dimensions) for name, dimensions in inputs.items() if name in needed]
    kept += [_output(name) for name in outputs]
    return head + _field(_GRAPH, b"".join(kept))


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
        if number == _NODE and _names(value, _NODE_OPERATION) == ["ConvInteger"]:
            taken = _names(value, _NODE_INPUT)
            for name in sorted({taken[_ACTIVATION], taken[_ZERO_POINT]} - done):
                kept += _signed(name)
                done.add(name)
            kept.append(_field(_NODE, _renamed_inputs(value, {_ACTIVATION, _ZERO_POINT})))
        else:
            kept.append(_field(number, value))
    if done:
        kept.append(_field(_INITIALIZER, _top_bit()))
    return head + _field(_GRAPH, b"".join(kept))


def _renamed(model: bytes, tensor: str) -> tuple[bytes, str]:
    """The model with another name for what makes a tensor, and that name."""
    made = _field(_NODE_OUTPUT, tensor.encode())
    if model.count(made) != 1:
        raise ValueError(f"{model.count(made)} nodes of the model make '{tensor}'")
    inner = tensor[:-1] + ("_" if tensor[-1] != "_" else "-")
    return model.replace(made, _field(_NODE_OUTPUT, inner.encode())), inner


def _opened(model: bytes) -> tuple[bytes, list[tuple[int, Any]]]:
    """What is around the graph, serialised, and the fields of the graph."""
    head, graph = [], []
    try:
        for number, value in fields(memoryview(model)):
            if number == _GRAPH:
                graph += list(fields(value))
            else:
                head.append(_field(number, value))
    except (IndexError, TypeError) as error:
        raise ValueError(f"not a model in the ONNX format: {error}") from error
    return b"".join(head), graph


def _names(message: memoryview, place: int) -> list[str]:
    return [bytes(value).decode() for number, value in fields(message) if number == place]


def _signed(name: str) -> Iterator[bytes]:
    """Nodes that move unsigned numbers down by 128: the top bit is turned, and the byte read as signed."""
    to = _field(_NODE_ATTRIBUTE, _integer("to", _INT8))
    yield _node("BitwiseXor", (name, _TOP_BIT), f"{name} turned")
    yield _node("Cast", (f"{name} turned",), _signed_name(name), to)


def _signed_name(name: str) -> str:
    return f"{name} signed"


def _top_bit() -> bytes:
    """The uint8 that has only its top bit set, as a constant."""
    return _field(_DATA_TYPE, _UINT8) + _field(_TENSOR_NAME, _TOP_BIT.encode()) + _field(_RAW_DATA, b"\x80")


def _renamed_inputs(message: memoryview, places: set[int]) -> bytes:
    """A node that takes the signed numbers at some places."""
    made, place = [], 0
    for number, value in fields(message):
        if number == _NODE_INPUT:
            name = bytes(value).decode()
            made.append(_field(_NODE_INPUT, (_signed_name(name) if place in places else name).encode()))
            place += 1
        else:
            made.append(_field(number, value))
    return b"".join(made)


def _node(kind: str, inputs: tuple[str, ...], output: str, attributes: bytes = b"") -> bytes:
    """A field of the graph: an operation."""
    taken = b"".join(_field(_NODE_INPUT, name.encode()) for name in inputs)
    made = _field(_NODE_OUTPUT, output.encode()) + _field(_NODE_OPERATION, kind.encode())
    return _field(_NODE, taken + made + attributes)


def _integer(name: str, value: int) -> bytes:
    """An attribute of an operation."""
    return _field(_ATTRIBUTE_NAME, name.encode()) + _field(_ATTRIBUTE_INT, value) + _field(_ATTRIBUTE_TYPE, _INT)


def _output(name: str) -> bytes:
    """A field of the graph: an output, of whatever type its maker has."""
    return _field(_OUTPUT, _field(_VALUE_NAME, name.encode()))


def _float_input(name: str, dimensions: int = 1) -> bytes:
    """A field of the graph: a float32 input of any shape with so many dimensions."""
    shape = b"".join(_field(_DIM, _field(_DIM_NAME, f"{name} {n}".encode())) for n in range(dimensions))
    kind = _field(_ELEMENT, _FLOAT) + _field(_SHAPE, shape)
    return _field(_INPUT, _field(_VALUE_NAME, name.encode()) + _field(_VALUE_TYPE, _field(_TENSOR_TYPE, kind)))


def _field(number: int, value: int | bytes | memoryview) -> bytes:
    """A field of a protobuf message."""
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + bytes(value)


def _varint(number: int) -> bytes:
    """A number of seven bits a byte, the lowest first."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
