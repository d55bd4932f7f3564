"""Exposes an inner tensor of an ONNX model as a graph output, without the ``onnx`` package.

An ONNX file is a protobuf message, and parsers concatenate repeated fields and merge repeated submessages. So appending
a second ``graph`` message that holds one more node and one more output extends the graph of the first.
"""

from __future__ import annotations

_LENGTH_DELIMITED = 2  # protobuf wire type
# Field numbers from onnx.proto3: ModelProto.graph; GraphProto.node, .output; NodeProto.input, .output, .op_type;
# ValueInfoProto.name.
_GRAPH, _NODE, _OUTPUT = 7, 1, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OP_TYPE = 1, 2, 4
_VALUE_NAME = 1


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
