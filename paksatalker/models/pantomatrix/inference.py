"""Motion for a whole recording at once, window by window, as the original tools make it: for comparing with them.

The engine (:mod:`~paksatalker.models.pantomatrix.streaming`) does the same without their faults: here the windows lose
a third of a sample each frame against the clock, up to eight frames at the end are not made, and all stays in memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from paksatalker.models.pantomatrix.emage import SEED_FRAMES, WINDOW, Emage, Prediction
from paksatalker.models.pantomatrix.motion import FPS, Codes, Decoded, MotionDecoder, identity_motion, integrate

SAMPLE_RATE = 16000
#: Samples a frame as the original counts them; 533⅓ would be right.
FRAME_SAMPLES = SAMPLE_RATE // FPS
#: Frames from one window to the next.
STRIDE = WINDOW - SEED_FRAMES


@dataclass(frozen=True, slots=True)
class Inference:
    """Motion of a recording.

    Attributes:
        prediction: What the network said, all windows joined.
        codes: What was decoded.
        motion: All frames.
        where: float32 [B, T, 3] position of the root in metres.
    """

    prediction: Prediction
    codes: Codes
    motion: Decoded
    where: Tensor


@torch.inference_mode()
def infer(
    network: Emage, decoder: MotionDecoder, samples: Tensor, *, motion: Tensor | None = None, mask: Tensor | None = None
) -> Inference:
    """Makes the motion for a recording as the original does.

    Args:
        network: The network.
        decoder: The decoders.
        samples: float32 [1, N] at 16 kHz, −1 to 1.
        motion: float32 [1, T, 337] what is known of the motion; its first 4 frames always count. None is nothing: there
            every joint is unturned.
        mask: The same shape: 1 where it is not known; None is nowhere.

    Returns:
        ``N·30 // 16000`` frames, less the tail that the original drops, see :func:`window_frames`.

    Raises:
        ValueError: The recording has 8 frames or fewer.
    """
    frames = samples.shape[1] * FPS // SAMPLE_RATE
    motion = identity_motion(frames, samples.device) if motion is None else motion
    mask = torch.ones_like(motion) if mask is None else mask
    seed = motion[:, :SEED_FRAMES]
    pieces: list[Prediction] = []
    for index, length in enumerate(window_frames(frames)):
        start = index * STRIDE
        known, hidden = motion[:, start : start + length].clone(), mask[:, start : start + length].clone()
        known[:, :SEED_FRAMES], hidden[:, :SEED_FRAMES] = seed, 0
        heard = samples[:, start * FRAME_SAMPLES : (start + length) * FRAME_SAMPLES]
        prediction = network(network.hear(heard), known, hidden)
        whole = length == WINDOW
        if whole:
            seed = decoder(Codes.of(prediction), where=False).known[:, -SEED_FRAMES:]
        pieces.append(_cut(prediction, STRIDE if whole else length))
    if not pieces:
        raise ValueError(f"{frames} frames are too few")
    prediction = _join(pieces)
    codes = Codes.of(prediction)
    decoded = decoder(codes)
    return Inference(prediction, codes, decoded, integrate(decoded.velocity, decoded.velocity.new_zeros(1, 3)))


def window_frames(frames: int) -> list[int]:
    """How many frames each of the original's windows sees.

    Windows of 64 frames start every 60. What lies behind the last whole one makes a window of its own, together with
    the four frames that it shares with that one, only if it is more than four frames; so of 65 to 68 frames 60 are
    made, as of 64, and of eight frames or fewer none.

    Args:
        frames: Frames of the recording.
    """
    whole, rest = divmod(max(0, frames - SEED_FRAMES), STRIDE)
    return [WINDOW] * whole + ([SEED_FRAMES + rest] if rest > SEED_FRAMES else [])


def _cut(prediction: Prediction, frames: int) -> Prediction:
    return Prediction(
        {part: value[:, :frames] for part, value in prediction.latent.items()},
        {part: value[:, :frames] for part, value in prediction.logits.items()},
    )


def _join(pieces: list[Prediction]) -> Prediction:
    return Prediction(
        {part: torch.cat([piece.latent[part] for piece in pieces], 1) for part in pieces[0].latent},
        {part: torch.cat([piece.logits[part] for piece in pieces], 1) for part in pieces[0].logits},
    )
