"""SadTalker's generator, the plain way and ours, with the same random weights in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from paksatalker.evaluation.measure import Measure
from paksatalker.models.sadtalker.generator import Generator, SourceFeatures
from paksatalker.models.sadtalker.packed import Target, best_target
from paksatalker.models.sadtalker.prepared import PreparedGenerator
from paksatalker.models.sadtalker.spade import SpectralConv2d
from paksatalker.models.sadtalker.talking_head import GPU_BATCH, FrameGenerator, prepare

_SEED = 5
_CPU_SIZES, _GPU_SIZES = (256,), (256, 512)


def generator_speed(*, quick: bool) -> Iterator[Measure]:
    """Seconds a frame on a CPU; frames a second on a GPU, where there is one.

    Args:
        quick: Fewer frames.
    """
    generator = random_generator()
    yield from cpu_speed(generator, quick=quick)
    if torch.cuda.is_available():
        for size in _GPU_SIZES:
            yield from gpu_speed(generator, size, quick=quick)
    else:
        for size in _GPU_SIZES:
            yield Measure(f"SadTalker frames on a GPU, {size}²", None, "frames/s", "there is no GPU here: not run")


def random_generator() -> Generator:
    """The official network with weights that keep its activations in range and its pictures full of contrast."""
    torch.manual_seed(_SEED)
    generator = Generator().eval().requires_grad_(False)
    for name, tensor in generator.named_parameters():
        if tensor.dim() > 1:
            tensor.normal_(0, tensor[0].numel() ** -0.5)
            if name.startswith("dense_motion_network.mask"):
                tensor.mul_(8)
    for module in generator.modules():
        if isinstance(module, SpectralConv2d):  # the normal of a few power iterations, as training leaves it
            matrix = module.weight_orig.flatten(1)
            for _ in range(10):
                module.weight_v.copy_(torch.nn.functional.normalize(matrix.T @ module.weight_u, dim=0))
                module.weight_u.copy_(torch.nn.functional.normalize(matrix @ module.weight_v, dim=0))
    return generator


def cpu_speed(generator: Generator, size: int = 256, *, quick: bool) -> Iterator[Measure]:
    """The plain network, the photo encoded for every frame as the original does, and the prepared one.

    The key points of every frame are others; the ratio of signal to noise is the worst of all frames.
    """
    count = 2 if quick else 4
    image, kp_driving, kp_source = _inputs(generator, size, count)
    plain, work, exact = _frames(lambda k: generator(image, k, kp_source), kp_driving)
    threads = torch.get_num_threads()
    note = f"{size}², 32 bits, {threads} threads, {work:.1f} s of processor time"
    yield Measure("SadTalker frame as the original draws it", plain, "s", note)
    ways = {"32 bits": Target(torch.device("cpu"), torch.float32), "fastest": best_target("cpu")}
    for name, target in ways.items():
        prepared = PreparedGenerator(generator, target, size)
        source = prepared.encode(image)

        def draw(kp: Tensor, prepared: PreparedGenerator = prepared, source: SourceFeatures = source) -> Tensor:
            return prepared.draw(source, kp, kp_source).image

        draw(kp_driving[:1])  # what is done once: buffers
        seconds, work, ours = _frames(draw, kp_driving)
        worst = min(psnr(one, other) for one, other in zip(ours, exact, strict=True))
        kind = str(target.dtype).removeprefix("torch.")
        note = f"{kind}, {plain / seconds:.1f} × as fast, {work:.1f} s of processor time, PSNR {worst:.1f} dB"
        yield Measure(f"SadTalker frame, {name}", seconds, "s", note)
        if name == "fastest":
            yield Measure("SadTalker PSNR against 32 bits", worst, "dB", f"{kind}, the worst of {count} frames")


def gpu_speed(generator: Generator, size: int, *, quick: bool) -> Iterator[Measure]:
    """Frames a second in batches, as they come and compiled, and how near they are to 32 bits."""
    image, kp_driving, kp_source = _inputs(generator, size, GPU_BATCH)
    with torch.inference_mode():
        exact = generator.draw(generator.encode(image), kp_driving[:1], kp_source).image
    for compiled in (False, True):
        ready = prepare(generator, size=size, device="cuda", compiled=compiled)
        source = ready.encode(image)

        def draw(ready: FrameGenerator = ready, source: SourceFeatures = source) -> Tensor:
            made = ready.draw(source, kp_driving, kp_source).image
            torch.cuda.synchronize()
            return made

        seconds, _, ours = _best(draw, 5 if quick else 20)
        note = f"{torch.cuda.get_device_name()}, batch {GPU_BATCH}, PSNR {psnr(ours[:1].cpu(), exact):.1f} dB"
        name = f"SadTalker frames on a GPU, {size}²{', compiled' if compiled else ''}"
        yield Measure(name, GPU_BATCH / seconds, "frames/s", note)


def psnr(image: Tensor, exact: Tensor) -> float:
    """Peak signal-to-noise ratio of an image [.., H, W], 0–1, against an exact one of the same shape; dB."""
    return float(-10 * torch.log10(((image - exact) ** 2).mean().clamp_min(1e-20)))


def _inputs(generator: Generator, size: int, batch: int) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(_SEED)
    coarse = torch.rand(1, 3, 16, 16)
    image = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bicubic").clamp(0, 1)
    kp_source = torch.rand(1, generator.config.key_points, 3) - 0.5
    return image, kp_source + 0.05 * torch.randn(batch, generator.config.key_points, 3), kp_source


@torch.inference_mode()
def _frames(draw: Callable[[Tensor], Tensor], kp_driving: Tensor) -> tuple[float, float, list[Tensor]]:
    """Shortest time and processor time of the frames, and the frames."""
    seconds, processor, frames = [], [], []
    for one in kp_driving.split(1):  # type: ignore[no-untyped-call]  # torch has no types for it
        began, worked = time.perf_counter(), time.process_time()
        frames.append(draw(one))
        seconds.append(time.perf_counter() - began)
        processor.append(time.process_time() - worked)
    return min(seconds), min(processor), frames


@torch.inference_mode()
def _best(work: Callable[[], Tensor], times: int) -> tuple[float, float, Tensor]:
    """Shortest time and processor time of several, after one for warming up, and the result."""
    result = work()
    seconds, processor = [], []
    for _ in range(times):
        began, worked = time.perf_counter(), time.process_time()
        result = work()
        seconds.append(time.perf_counter() - began)
        processor.append(time.process_time() - worked)
    return min(seconds), min(processor), result
