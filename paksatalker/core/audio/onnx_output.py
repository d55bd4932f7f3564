"""Exposes an inner tensor of an ONNX model, or lets it be scaled or cut from outside, without the ``onnx`` package.

An ONNX file is a protobuf message, and parsers concatenate repeated fields and merge repeated submessages. So appending
a second ``graph`` message that holds one more node and one more output extends the graph of the first.
"""

from __future__ import annotations

_LENGTH_DELIMITED = 2  # protobuf wire type
# Field numbers from onnx.proto3: ModelProto.graph; GraphProto.node, .input, .output; NodeProto.input, .output,
# .op_type; ValueInfoProto.name, .type.
_GRAPH, _NODE, _INITIALIZER, _INPUT, _OUTPUT = 7, 1, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OP_TYPE = 1, 2, 4
_VALUE_NAME, _VALUE_TYPE = 1, 2
_TENSOR_TYPE, _ELEMENT, _SHAPE, _DIM, _DIM_NAME = 1, 1, 2, 1, 2  # of TypeProto and TensorShapeProto
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9  # of TensorProto
_FLOAT, _INT64 = 1, 7


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(payload)) + payload


def with_output(model: bytes, tensor: str, name: str) -> bytes:
    """A copy of the model with ``tensor`` as an additional, last output called ``name``.

    Args:
        model: A serialised ONNX model.
        tensor: Name of a tensor inside its main graph. The runtime refuses the model when there is none.
        name: Name of the new output.
    """
    node = (
        _field(_NODE_INPUT, tensor.encode()) + _field(_NODE_OUTPUT, name.encode()) + _field(_NODE_OP_TYPE, b"Identity")
    )
    output = _field(_VALUE_NAME, name.encode())
    return model + _field(_GRAPH, _field(_NODE, node) + _field(_OUTPUT, output))


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
    return model + _field(_GRAPH, _node("Mul", (inner, name), tensor) + _input(name, _FLOAT))


def with_limit(model: bytes, tensor: str, name: str) -> bytes:
    """A copy of the model in which ``tensor`` is cut along its last axis after as many places as a new input says.

    The input is int64 [1]. See :func:`with_factor`.

    Args:
        model: A serialised ONNX model.
        tensor: Name of a tensor inside its main graph.
        name: Name of the new input.

    Raises:
        ValueError: Not exactly one node of the model makes the tensor.
    """
    model, inner = _renamed(model, tensor)
    first, axis = f"{name} first", f"{name} axis"
    node = _node("Slice", (inner, first, name, axis), tensor)
    constants = _constant(first, 0) + _constant(axis, -1)
    return model + _field(_GRAPH, node + constants + _input(name, _INT64))


def _renamed(model: bytes, tensor: str) -> tuple[bytes, str]:
    made = _field(_NODE_OUTPUT, tensor.encode())
    if model.count(made) != 1:
        raise ValueError(f"{model.count(made)} nodes of the model make '{tensor}'")
    return model.replace(made, _field(_NODE_OUTPUT, unscaled(tensor).encode())), unscaled(tensor)


def _node(kind: str, inputs: tuple[str, ...], output: str) -> bytes:
    taken = b"".join(_field(_NODE_INPUT, name.encode()) for name in inputs)
    return _field(_NODE, taken + _field(_NODE_OUTPUT, output.encode()) + _field(_NODE_OP_TYPE, kind.encode()))


def _input(name: str, element: int) -> bytes:
    """An input [n] of the graph."""
    shape = _field(_DIM, _field(_DIM_NAME, name.encode()))
    kind = _varint(_ELEMENT << 3) + _varint(element) + _field(_SHAPE, shape)
    return _field(_INPUT, _field(_VALUE_NAME, name.encode()) + _field(_VALUE_TYPE, _field(_TENSOR_TYPE, kind)))


def _constant(name: str, value: int) -> bytes:
    """An int64 [1] of the graph."""
    numbers = _varint(_DIMS << 3) + _varint(1) + _varint(_DATA_TYPE << 3) + _varint(_INT64)
    content = _field(_NAME, name.encode()) + _field(_RAW_DATA, value.to_bytes(8, "little", signed=True))
    return _field(_INITIALIZER, numbers + content)


def unscaled(tensor: str) -> str:
    """What a tensor is called before its factor or cut in a model from :func:`with_factor` or :func:`with_limit`."""
    return tensor[:-1] + ("_" if tensor[-1] != "_" else "-")
