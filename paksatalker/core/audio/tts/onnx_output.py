"""Exposes an inner tensor of an ONNX model, or lets it be scaled from outside, without the ``onnx`` package.

An ONNX file is a protobuf message, and parsers concatenate repeated fields and merge repeated submessages. So appending
a second ``graph`` message that holds one more node and one more output extends the graph of the first.
"""

from __future__ import annotations

_LENGTH_DELIMITED = 2  # protobuf wire type
# Field numbers from onnx.proto3: ModelProto.graph; GraphProto.node, .input, .output; NodeProto.input, .output,
# .op_type; ValueInfoProto.name, .type.
GRAPH, NODE, INPUT, OUTPUT = 7, 1, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_OPERATION = 1, 2, 4
VALUE_NAME, _VALUE_TYPE = 1, 2
_TENSOR_TYPE, _ELEMENT, _SHAPE, _DIM, _DIM_NAME = 1, 1, 2, 1, 2  # of TypeProto and TensorShapeProto
_FLOAT = 1


def varint(number: int) -> bytes:
    """A number of seven bits a byte, the lowest first."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def field(number: int, payload: bytes) -> bytes:
    """A field of a protobuf message."""
    return varint(number << 3 | _LENGTH_DELIMITED) + varint(len(payload)) + payload


def with_output(model: bytes, tensor: str, name: str) -> bytes:
    """A copy of the model with ``tensor`` as an additional, last output called ``name``.

    Args:
        model: A serialised ONNX model.
        tensor: Name of a tensor inside its main graph. The runtime refuses the model when there is none.
        name: Name of the new output.
    """
    return model + field(GRAPH, node("Identity", (tensor,), name) + output(name))


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
    return model + field(GRAPH, node("Mul", (inner, name), tensor) + float_input(name))


def _renamed(model: bytes, tensor: str) -> tuple[bytes, str]:
    made = field(NODE_OUTPUT, tensor.encode())
    if model.count(made) != 1:
        raise ValueError(f"{model.count(made)} nodes of the model make '{tensor}'")
    inner = tensor[:-1] + ("_" if tensor[-1] != "_" else "-")
    return model.replace(made, field(NODE_OUTPUT, inner.encode())), inner


def node(kind: str, inputs: tuple[str, ...], output: str, attributes: bytes = b"") -> bytes:
    """A field of the graph: an operation."""
    taken = b"".join(field(NODE_INPUT, name.encode()) for name in inputs)
    made = field(NODE_OUTPUT, output.encode()) + field(NODE_OPERATION, kind.encode())
    return field(NODE, taken + made + attributes)


def output(name: str) -> bytes:
    """A field of the graph: an output, of whatever type its maker has."""
    return field(OUTPUT, field(VALUE_NAME, name.encode()))


def float_input(name: str, dimensions: int = 1) -> bytes:
    """A field of the graph: a float32 input of any shape with so many dimensions."""
    shape = b"".join(field(_DIM, field(_DIM_NAME, f"{name} {n}".encode())) for n in range(dimensions))
    kind = varint(_ELEMENT << 3) + varint(_FLOAT) + field(_SHAPE, shape)
    return field(INPUT, field(VALUE_NAME, name.encode()) + field(_VALUE_TYPE, field(_TENSOR_TYPE, kind)))
