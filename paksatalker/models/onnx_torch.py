"""Runs a part of an ONNX network in PyTorch, so that one can differentiate through it.

Weights that were quantised dynamically (``DynamicQuantizeLinear`` … ``ConvInteger``) are used as the floating-point
numbers they stand for, and activations are not quantised at all: the result is the network before its quantisation,
but for the rounding of its weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name that everybody knows)

from paksatalker.models.onnx_graph import Graph, Node

Tensor = torch.Tensor
_Operation = Callable[[Node, list[Tensor]], Tensor | tuple[Tensor, ...]]


class TorchNetwork:
    """The part of a network between some of its tensors and one of them.

    Args:
        graph: The network.
        inputs: Names of the tensors that are given; everything before them is left out.
        output: Name of the tensor that is computed.

    Raises:
        ValueError: The part needs something that is not given, or has an operation that is not known here.
    """

    def __init__(self, graph: Graph, inputs: Sequence[str], output: str) -> None:
        self._inputs = tuple(inputs)
        self._output = output
        self._nodes = _part(graph, set(inputs), output)
        needed = {name for node in self._nodes for name in node.inputs}
        self._constants = {k: torch.from_numpy(np.array(v)) for k, v in graph.constants.items() if k in needed}
        unknown = {node.operation for node in self._nodes} - set(_OPERATIONS)
        if unknown:
            raise ValueError(f"unknown operations: {', '.join(sorted(unknown))}")
        self._last = {name: index for index, node in enumerate(self._nodes) for name in node.inputs}

    def __call__(self, given: Mapping[str, Tensor]) -> Tensor:
        """Computes the output.

        Args:
            given: A tensor for every input.
        """
        values: dict[str, Tensor] = {name: given[name] for name in self._inputs}
        empty = torch.zeros(0)
        for index, node in enumerate(self._nodes):
            taken = [
                values[name] if name in values else self._constants[name] if name else empty for name in node.inputs
            ]
            made = _OPERATIONS[node.operation](node, taken)
            for name, value in zip(node.outputs, made if isinstance(made, tuple) else (made,), strict=False):
                values[name] = value
            for name in node.inputs:
                if self._last[name] == index and name != self._output:
                    values.pop(name, None)
        return values[self._output]


def _part(graph: Graph, given: set[str], output: str) -> list[Node]:
    """The nodes that the output needs, each after those it depends on."""
    makers = {name: node for node in graph.nodes for name in node.outputs}
    ordered: list[Node] = []
    done: set[str] = set(given) | set(graph.constants) | {""}
    stack: list[tuple[str, bool]] = [(output, False)]
    while stack:
        name, ready = stack.pop()
        if name in done:
            continue
        node = makers.get(name)
        if node is None:
            raise ValueError(f"nothing makes the tensor '{name}'")
        if ready:
            ordered.append(node)
            done.update(node.outputs)
        else:
            stack.append((name, True))
            stack += [(needed, False) for needed in node.inputs]
    return ordered


def _numbers(tensor: Tensor) -> list[int]:
    return [int(value) for value in tensor.reshape(-1).tolist()]


def _convolve(node: Node, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    dimensions = weight.ndim - 2
    pads = node.attributes.get("pads", [0] * 2 * dimensions)
    # ONNX: all begins, then all ends; PyTorch: begin and end of the last dimension first.
    order = [side for d in reversed(range(dimensions)) for side in (pads[d], pads[d + dimensions])]
    convolve = {1: F.conv1d, 2: F.conv2d}[dimensions]
    return convolve(
        F.pad(x, order) if any(order) else x,
        weight,
        bias,
        node.attributes.get("strides", [1] * dimensions),
        0,
        node.attributes.get("dilations", [1] * dimensions),
        node.attributes.get("group", 1),
    )


def _conv(node: Node, x: list[Tensor]) -> Tensor:
    return _convolve(node, x[0], x[1], x[2] if len(x) > 2 else None)


def _conv_transpose(node: Node, x: list[Tensor]) -> Tensor:
    (stride,), (dilation,) = node.attributes.get("strides", [1]), node.attributes.get("dilations", [1])
    before, after = node.attributes.get("pads", [0, 0])
    (extra,) = node.attributes.get("output_padding", [0])
    group = node.attributes.get("group", 1)
    made = F.conv_transpose1d(x[0], x[1], x[2] if len(x) > 2 else None, stride, 0, extra, group, dilation)
    return made[..., before : made.shape[-1] - after]


def _unquantised(x: Tensor, zero: Tensor | None) -> Tensor:
    """What quantised values stand for, but for their scale; activations are never quantised here."""
    if x.is_floating_point():
        return x
    return x.float() - (zero.float() if zero is not None and zero.numel() else 0.0)


def _conv_integer(node: Node, x: list[Tensor]) -> Tensor:
    zero = x[3] if len(x) > 3 else None
    return _convolve(node, _unquantised(x[0], None), _unquantised(x[1], zero), None)


def _matmul_integer(_node: Node, x: list[Tensor]) -> Tensor:
    return _unquantised(x[0], None) @ _unquantised(x[1], x[3] if len(x) > 3 else None)


def _dynamic_quantise(_node: Node, x: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    return x[0], torch.ones(()), torch.zeros((), dtype=torch.uint8)


def _floor(node: Node, x: list[Tensor]) -> Tensor:
    # A bias is made an integer only because activations are.
    return x[0] if node.name.endswith("bias_quant_rounded") else torch.floor(x[0])


_DTYPES = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 11: torch.float64, 10: torch.float16}


def _cast(node: Node, x: list[Tensor]) -> Tensor:
    kind = _DTYPES[node.attributes["to"]]
    if "bias_quantized" in node.name or node.name.endswith("quantized_cast") or node.name.endswith("bias_add_cast"):
        return x[0]
    return x[0].to(kind)


def _resize(node: Node, x: list[Tensor]) -> Tensor:
    scales = x[2].reshape(-1).tolist() if len(x) > 2 and x[2].numel() else None
    length = int(x[0].shape[-1] * scales[-1]) if scales else int(x[3].reshape(-1)[-1])
    if node.attributes.get("mode") == "linear":
        factor = scales[-1] if scales else None
        return F.interpolate(x[0], size=None if factor else length, scale_factor=factor, mode="linear",
                             recompute_scale_factor=False if factor else None)  # fmt: skip
    return F.interpolate(x[0], size=length, mode="nearest")


def _slice(_node: Node, x: list[Tensor]) -> Tensor:
    starts, ends = _numbers(x[1]), _numbers(x[2])
    axes = _numbers(x[3]) if len(x) > 3 and x[3].numel() else list(range(len(starts)))
    steps = _numbers(x[4]) if len(x) > 4 and x[4].numel() else [1] * len(starts)
    made = x[0]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        length = made.shape[axis]
        if step > 0:
            chosen = slice(start, min(end, length) if end >= 0 else end, step)
            made = made[(slice(None),) * (axis % made.ndim) + (chosen,)]
        else:
            indices = list(range(length))[start : None if end < -length else end : step]
            made = made.index_select(axis, torch.tensor(indices))
    return made


def _split(node: Node, x: list[Tensor]) -> tuple[Tensor, ...]:
    return torch.split(x[0], _numbers(x[1]), node.attributes.get("axis", 0))


def _pad(node: Node, x: list[Tensor]) -> Tensor:
    pads = _numbers(x[1])
    half = len(pads) // 2
    order = [side for d in reversed(range(half)) for side in (pads[d], pads[d + half])]
    while len(order) > 2 and not any(order[-2:]):
        order = order[:-2]
    mode = str(node.attributes.get("mode", "constant"))
    return F.pad(x[0], order, mode) if mode != "reflect" or x[0].ndim > 1 else F.pad(x[0][None], order, mode)[0]


def _stft(_node: Node, x: list[Tensor]) -> Tensor:
    signal = x[0].reshape(x[0].shape[0], -1)
    window, size = x[2], int(x[3]) if len(x) > 3 and x[3].numel() else len(x[2])
    made = torch.stft(signal, size, int(x[1]), window=window, center=False, onesided=True, return_complex=True)
    return torch.view_as_real(made).transpose(1, 2)  # ONNX: [batch, frames, bins, 2]


def _scatter_nd(_node: Node, x: list[Tensor]) -> Tensor:
    made = x[0].clone()
    made[tuple(x[1].unbind(-1))] = x[2]
    return made


def _gather(node: Node, x: list[Tensor]) -> Tensor:
    axis = node.attributes.get("axis", 0) % x[0].ndim
    index = torch.where(x[1] < 0, x[1] + x[0].shape[axis], x[1])
    made = x[0].index_select(axis, index.reshape(-1))
    return made.reshape((*x[0].shape[:axis], *x[1].shape, *x[0].shape[axis + 1 :]))


def _reshape(_node: Node, x: list[Tensor]) -> Tensor:
    return x[0].reshape([x[0].shape[i] if size == 0 else size for i, size in enumerate(_numbers(x[1]))])


def _unsqueeze(_node: Node, x: list[Tensor]) -> Tensor:
    rank = x[0].ndim + x[1].numel()
    made = x[0]
    for axis in sorted(axis % rank for axis in _numbers(x[1])):
        made = made.unsqueeze(axis)
    return made


def _squeeze(_node: Node, x: list[Tensor]) -> Tensor:
    return x[0].squeeze(tuple(_numbers(x[1]))) if len(x) > 1 else x[0].squeeze()


def _reduce_mean(node: Node, x: list[Tensor]) -> Tensor:
    axes = _numbers(x[1]) if len(x) > 1 else node.attributes.get("axes", list(range(x[0].ndim)))
    return x[0].mean(axes, keepdim=bool(node.attributes.get("keepdims", 1)))


def _expand(_node: Node, x: list[Tensor]) -> Tensor:
    return x[0].expand(np.broadcast_shapes(tuple(x[0].shape), tuple(_numbers(x[1]))))


def _transpose(node: Node, x: list[Tensor]) -> Tensor:
    return x[0].permute(node.attributes.get("perm", list(reversed(range(x[0].ndim)))))


def _divide(_node: Node, x: list[Tensor]) -> Tensor:
    if x[0].is_floating_point() or x[1].is_floating_point():
        return x[0] / x[1]
    return torch.div(x[0], x[1], rounding_mode="trunc")


_OPERATIONS: dict[str, _Operation] = {
    "Add": lambda _, x: x[0] + x[1],
    "Atan": lambda _, x: torch.atan(
        torch.nan_to_num(x[0], nan=0.0, posinf=torch.inf, neginf=-torch.inf)
    ),  # 0/0: silence
    "Cast": _cast,
    "Concat": lambda node, x: torch.cat(x, node.attributes["axis"]),
    "Conv": _conv,
    "ConvInteger": _conv_integer,
    "ConvTranspose": _conv_transpose,
    "Cos": lambda _, x: torch.cos(x[0]),
    "CumSum": lambda _, x: torch.cumsum(x[0], int(x[1])),
    "Div": _divide,
    "DynamicQuantizeLinear": _dynamic_quantise,
    "Equal": lambda _, x: x[0] == x[1],
    "Exp": lambda _, x: torch.exp(x[0]),
    "Expand": _expand,
    "Floor": _floor,
    "Gather": _gather,
    "Greater": lambda _, x: x[0] > x[1],
    "LeakyRelu": lambda node, x: F.leaky_relu(x[0], node.attributes.get("alpha", 0.01)),
    "Less": lambda _, x: x[0] < x[1],
    "MatMul": lambda _, x: x[0] @ x[1],
    "MatMulInteger": _matmul_integer,
    "Mul": lambda _, x: x[0] * x[1],
    "NonZero": lambda _, x: torch.nonzero(x[0]).T,
    "Pad": _pad,
    "Pow": lambda _, x: torch.pow(x[0], x[1]),
    "Range": lambda _, x: torch.arange(int(x[0]), int(x[1]), int(x[2])),
    "ReduceMean": _reduce_mean,
    "Reshape": _reshape,
    "Resize": _resize,
    "STFT": _stft,
    "ScatterND": _scatter_nd,
    "Shape": lambda _, x: torch.tensor(x[0].shape, dtype=torch.int64),
    "Sin": lambda _, x: torch.sin(x[0]),
    "Slice": _slice,
    "Split": _split,
    "Sqrt": lambda _, x: torch.sqrt(x[0]),
    "Squeeze": _squeeze,
    "Sub": lambda _, x: x[0] - x[1],
    "Tanh": lambda _, x: torch.tanh(x[0]),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": lambda _, x: torch.where(x[0], x[1], x[2]),
}
