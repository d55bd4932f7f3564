"""SadTalker's renderer as ONNX graphs and TensorRT engines, for programs without PyTorch.

Four graphs, as :class:`~paksatalker.models.sadtalker.talking_head.TalkingHead` uses the networks:

| file | inputs | outputs |
|---|---|---|
| ``keypoints.onnx`` | image [1, 3, S, S] RGB, 0–1 | canonical [1, 15, 3] |
| ``encoder.onnx`` | image | volume [1, 32, 16, S/4, S/4], compressed [1, 4, 16, S/4, S/4] |
| ``mapping.onnx`` | window [B, 70 or 73, 27], canonical | key points [B, 15, 3] |
| ``frame.onnx`` | volume, compressed, kp_driving [B, 15, 3], kp_source [1, 15, 3] | image [B, 3, S, S] |
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

import torch
from torch import Tensor, nn

from paksatalker.errors import EngineUnavailable, InvalidOption
from paksatalker.models.sadtalker.generator import Generator, SourceFeatures
from paksatalker.models.sadtalker.keypoints import KPDetector, transform_keypoints
from paksatalker.models.sadtalker.mapping import WINDOW, MappingNet
from paksatalker.models.sadtalker.spade import SpectralConv2d
from paksatalker.requirements import install_command

Quantize = Literal["int8", "fp16"]

#: The first ONNX version whose GridSample takes volumes.
_OPSET = 20
_TENSORRT_BATCHES = (1, 16, 32)  # smallest, usual, largest


class _Encoder(nn.Module):
    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        source = self.generator.encode(image)
        return source.volume, source.compressed


class _Frame(nn.Module):
    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, volume: Tensor, compressed: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
        return self.generator.draw(SourceFeatures(volume, compressed), kp_driving, kp_source).image


class _Mapping(nn.Module):
    def __init__(self, mapping: MappingNet) -> None:
        super().__init__()
        self.mapping = mapping

    def forward(self, window: Tensor, canonical: Tensor) -> Tensor:
        return transform_keypoints(canonical, self.mapping(window))


def export_onnx(
    folder: Path,
    *,
    keypoints: KPDetector,
    mapping: MappingNet,
    generator: Generator,
    size: int = 256,
    quantize: Quantize | None = None,
) -> tuple[Path, ...]:
    """Writes the graphs.

    Args:
        folder: Where to; it is made. A file appears when it is complete.
        keypoints: Finds the key points of the photo.
        mapping: Coefficients to head motion.
        generator: Draws the frames.
        size: Side of the frames, pixels.
        quantize: ``fp16`` stores and computes the frame in 16 bits; ``int8`` quantises the weights of its convolutions
            (a channel at a time) and their inputs as they come. The small networks keep 32 bits, and so do the inputs
            and outputs of all.

    Returns:
        The files.

    Raises:
        EngineUnavailable: ``quantize`` is given and the package onnx is not installed.
    """
    if quantize is not None and importlib.util.find_spec("onnx") is None:
        raise EngineUnavailable(
            "cannot quantise the export", "the package onnx is not installed", f"Run: {install_command('onnx')}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    plain = _with_plain_weights(generator)
    image, window, source, driving, canonical = _example_inputs(plain, mapping, size)
    frame_inputs = ("volume", "compressed", "kp_driving", "kp_source")
    return (
        _write(folder / "keypoints.onnx", keypoints, (image,), ("image",), ("canonical",)),
        _write(folder / "encoder.onnx", _Encoder(plain), (image,), ("image",), ("volume", "compressed")),
        _write(
            folder / "mapping.onnx",
            _Mapping(mapping),
            (window, canonical),
            ("window", "canonical"),
            ("keypoints",),
            batched=("window", "keypoints"),
        ),
        _write(
            folder / "frame.onnx",
            _Frame(plain),
            (source.volume, source.compressed, driving, canonical),
            frame_inputs,
            ("image",),
            batched=("kp_driving", "image"),
            quantize=quantize,
        ),
    )


def _example_inputs(
    generator: Generator, mapping: MappingNet, size: int
) -> tuple[Tensor, Tensor, SourceFeatures, Tensor, Tensor]:
    """Photo, windows, the photo's features, and key points of frames and photo: of the shapes that the graphs take."""
    with torch.inference_mode():
        image = torch.rand(1, 3, size, size)
        source = generator.encode(image)
    points = generator.config.key_points
    window = torch.zeros(2, mapping.get_parameter("first.0.weight").shape[1], WINDOW)
    # the exporter takes no tensors that were made in inference mode
    features = SourceFeatures(source.volume.clone(), source.compressed.clone())
    return image, window, features, torch.rand(2, points, 3) - 0.5, torch.rand(1, points, 3) - 0.5


def precision(name: str | None) -> Quantize | None:
    """The same, known to be one.

    Raises:
        InvalidOption: It is another.
    """
    if name not in (None, "int8", "fp16"):
        raise InvalidOption(f"--quantize cannot be '{name}'", fix="Choose one of: int8, fp16")
    return cast("Quantize | None", name)


def export_tensorrt(folder: Path, *, fp16: bool = True, int8: bool = False) -> tuple[Path, ...]:
    """Builds TensorRT engines of the graphs that :func:`export_onnx` wrote, beside them, for the GPU of this machine.

    Args:
        folder: Where the graphs are, not quantised.
        fp16: Whether layers may compute in 16 bits.
        int8: Whether they may in 8; the graphs must then carry scales.

    Raises:
        EngineUnavailable: TensorRT or a GPU is missing, or it does not take a graph.
    """
    require_tensorrt()
    return tuple(_build(path, fp16=fp16, int8=int8) for path in sorted(folder.glob("*.onnx")))


def require_tensorrt() -> None:
    """Raises ``EngineUnavailable`` where no TensorRT engine can be built."""
    if importlib.util.find_spec("tensorrt") is None:
        why, fix = "the package tensorrt is not installed", f"Run: {install_command('tensorrt')}"
    elif not torch.cuda.is_available():
        why, fix = "there is no NVIDIA GPU that PyTorch can use", "Run it on the machine with the GPU"
    else:
        return
    raise EngineUnavailable("cannot export to TensorRT", why, f"{fix}, or use --to onnx")


def _build(path: Path, *, fp16: bool, int8: bool) -> Path:
    trt = importlib.import_module("tensorrt")  # an engine is for one version and one GPU, so it is built where it runs

    builder = trt.Builder(trt.Logger(trt.Logger.WARNING))
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, trt.Logger(trt.Logger.WARNING))
    if not parser.parse_from_file(str(path)):
        raise EngineUnavailable("cannot export to TensorRT", f"{path.name}: {parser.get_error(0)}", "Use --to onnx")
    config = builder.create_builder_config()
    for wanted, flag in ((fp16, "FP16"), (int8, "INT8")):
        if wanted and hasattr(trt.BuilderFlag, flag):
            config.set_flag(getattr(trt.BuilderFlag, flag))
    profile = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        shapes = [tuple(n if d < 0 else d for d in tensor.shape) for n in _TENSORRT_BATCHES]
        profile.set_shape(tensor.name, *shapes)
    config.add_optimization_profile(profile)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise EngineUnavailable("cannot export to TensorRT", f"it refuses {path.name}", "Use --to onnx")
    target = path.with_suffix(".engine")
    _replace(target, bytes(engine))
    return target


def _write(
    path: Path,
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    names: Sequence[str],
    outputs: Sequence[str],
    *,
    batched: Sequence[str] = (),
    quantize: Quantize | None = None,
) -> Path:
    """One graph; the first axis of the tensors in ``batched`` is free."""
    axes = {name: {0: "frames"} for name in (*names, *outputs) if name in batched}
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as work, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks of the exporter; that the graph is right is tested
        file = Path(work) / path.name
        torch.onnx.export(
            module.eval(),
            inputs,
            str(file),
            input_names=list(names),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,  # the other exporter needs onnxscript, and writes a graph of fixed batch here
        )
        if quantize is not None:
            file = _quantized(file, quantize)
        file.replace(path)
    return path


def _quantized(file: Path, quantize: Quantize) -> Path:
    target = file.with_name(f"{quantize}.onnx")
    if quantize == "int8":
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(file, target, op_types_to_quantize=["Conv"], weight_type=QuantType.QInt8, per_channel=True)
        return target
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    # positions in the volume need more than 11 bits
    kept = ["GridSample", "Resize", "Softmax", "Einsum", "ReduceSum", "Range"]
    onnx.save(convert_float_to_float16(onnx.load(file), keep_io_types=True, op_block_list=kept), target)
    return target


def _with_plain_weights(generator: Generator) -> Generator:
    """A copy whose spectral norms are part of the weights."""
    plain = copy.deepcopy(generator)
    for parent in list(plain.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, SpectralConv2d):
                setattr(parent, name, _plain(child))
    return plain.eval()


def _plain(conv: SpectralConv2d) -> nn.Conv2d:
    target, source, kernel, _ = conv.weight_orig.shape
    made = nn.Conv2d(source, target, kernel, padding=conv.padding, bias=conv.bias is not None)
    with torch.no_grad():
        made.weight.copy_(conv.weight())
        if made.bias is not None and conv.bias is not None:
            made.bias.copy_(conv.bias)
    return made.requires_grad_(False)


def _replace(target: Path, content: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as work:
        file = Path(work) / target.name
        file.write_bytes(content)
        file.replace(target)
