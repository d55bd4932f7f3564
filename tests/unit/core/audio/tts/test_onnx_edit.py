"""Parts of networks, made of bytes, against the whole network as the runtime has it."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from paksatalker.core.audio.tts.onnx_edit import subgraph, with_factor, with_output, with_signed_activations


def model() -> bytes:
    """x → half → convolved in 8 bits, as dynamic quantisation writes it → sound."""
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 255, (3, 2, 3), dtype=np.uint8)
    nodes = [
        helper.make_node("Mul", ["x", "0.5"], ["half"]),
        helper.make_node("DynamicQuantizeLinear", ["half"], ["q", "scale", "zero"]),
        helper.make_node("ConvInteger", ["q", "weight", "zero", "middle"], ["sum"], pads=[1, 1]),
        helper.make_node("Cast", ["sum"], ["sum f"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["sum f", "scale"], ["sound"]),
        helper.make_node("Neg", ["half"], ["unused"]),
    ]
    constants = [
        numpy_helper.from_array(np.array(0.5, np.float32), "0.5"),
        numpy_helper.from_array(weight, "weight"),
        numpy_helper.from_array(np.array(119, np.uint8), "middle"),
        numpy_helper.from_array(np.zeros(9, np.float32), "for nobody"),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, None])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("sound", "unused")]
    graph = helper.make_graph(nodes, "g", [x], outputs, constants)
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(whole.SerializeToString())


def run(content: bytes, *wanted: str, **given: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return list(session.run(list(wanted), given))


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(1).normal(0.3, 1, (1, 2, 9)).astype(np.float32)


def test_two_parts_make_what_the_whole_makes(x):
    (whole,) = run(model(), "sound", x=x)
    first, second = subgraph(model(), {}, ["half"]), subgraph(model(), {"half": 3}, ["sound"])
    (half,) = run(first, "half", x=x)
    np.testing.assert_array_equal(half, x / 2)
    (sound,) = run(second, "sound", half=half)
    np.testing.assert_array_equal(sound, whole)


def test_a_part_has_nothing_that_it_does_not_need():
    read = onnx.load_model_from_string(subgraph(model(), {"half": 3}, ["sound"]))
    assert [node.op_type for node in read.graph.node] == ["DynamicQuantizeLinear", "ConvInteger", "Cast", "Mul"]
    assert {one.name for one in read.graph.initializer} == {"weight", "middle"}
    assert [one.name for one in read.graph.input] == ["half"]
    assert [one.name for one in read.graph.output] == ["sound"]


def test_signed_activations_give_the_same_to_the_last_bit(x):
    content = with_signed_activations(model())
    kinds = [node.op_type for node in onnx.load_model_from_string(content).graph.node]
    assert kinds.count("BitwiseXor") == 2
    for factor in (1.0, 100.0, 0.0):
        (expected,) = run(model(), "sound", x=factor * x)
        (found,) = run(content, "sound", x=factor * x)
        np.testing.assert_array_equal(found, expected)


def test_a_network_without_8_bits_stays_what_it_is(x):
    plain = subgraph(model(), {}, ["half"])
    (half,) = run(with_signed_activations(plain), "half", x=x)
    np.testing.assert_array_equal(half, x / 2)


def test_parts_can_be_made_of_what_was_extended(x):
    content = subgraph(with_factor(model(), "half", "louder"), {}, ["half"])
    (half,) = run(with_output(content, "half", "too"), "too", x=x, louder=np.full(1, 3, np.float32))
    np.testing.assert_allclose(half, 1.5 * x)


@pytest.mark.parametrize("content", [b"RIFF" + bytes(100), b"\x3a\xff\xff\xff\xff\x0f", b"\xff"])
def test_what_is_no_network_is_refused(content):
    with pytest.raises(ValueError, match="ONNX"):
        subgraph(content, {}, ["half"])
    with pytest.raises(ValueError, match="ONNX"):
        with_signed_activations(content)
