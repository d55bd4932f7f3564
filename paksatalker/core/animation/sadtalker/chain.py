"""The networks' half of the work: blocks of mel windows to rows of 70 coefficients at 25 frames a second."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paksatalker.core.animation.sadtalker.assembly import assemble
from paksatalker.core.animation.sadtalker.features import Block
from paksatalker.core.animation.sadtalker.pose import Array, PoseStream, Smoother, reference_motion
from paksatalker.core.tracks import CoefficientTrack
from paksatalker.models.sadtalker.checkpoints import AudioNetworks


class Blinks(Protocol):
    """Says how far the eyes are closed."""

    def take(self, first: int, last: int, end: int | None = None) -> npt.NDArray[np.float64]:
        """Of frames ``first`` to before ``last``, [N, 1]; ``end`` is how many there are in all, once that is known."""
        ...


@dataclass(frozen=True, slots=True)
class Manner:
    """How the face is to move.

    Attributes:
        reference: The photo's coefficients, float32 [70].
        style: Manner of moving the head, 0–45.
        expression_scale: All expression coefficients are multiplied by this.
        head_motion: Likewise the head's motion about its pose in the photo.
        still: Keeps the head as it is in the photo.
        pose_reference: Coefficients [T, 70 or more] or poses [T, 6] of a video whose head motion is added; None: none.
    """

    reference: Array
    style: int = 0
    expression_scale: float = 1.0
    head_motion: float = 1.0
    still: bool = False
    pose_reference: Array | None = None


@dataclass(slots=True)
class CoefficientChain:
    """Takes blocks in order; coefficients come out about 38 frames later.

    Attributes:
        networks: With their weights.
        manner: How the face is to move.
        blinks: When it blinks.
        seed: Of the head's motion.
        noise: The chunks' noise [N, 64] instead of the seed's, for comparisons.
    """

    networks: AudioNetworks
    manner: Manner
    blinks: Blinks
    seed: int = 0
    noise: Array | None = None
    _pose: PoseStream = field(init=False)
    _smoother: Smoother = field(init=False, default_factory=Smoother)
    _sound: list[Tensor] = field(init=False, default_factory=list)
    _poses: list[Array] = field(init=False, default_factory=list)
    _done: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._pose = PoseStream(self._move, self.seed, self.noise)

    @property
    def _device(self) -> torch.device:
        return self.networks.expression.mapping1.weight.device

    def push(self, block: Block) -> Array:
        """Takes a block; gives the coefficients of frames that are complete with it, float32 [N, 70]."""
        with torch.inference_mode():
            windows = torch.from_numpy(block.windows).to(self._device)
            self._sound.extend(self.networks.expression.embed(windows))
            heard = np.zeros((len(block), 1), np.float32)
            if self._moves:
                heard = self.networks.pose.embed(windows).cpu().numpy()
        return self._emit(self._smoother.push(self._placed(self._pose.push(heard))), None)

    def finish(self) -> Array:
        """The coefficients of the frames that are left."""
        rows = self._smoother.push(self._placed(self._pose.finish()))
        rows = np.concatenate([rows, self._smoother.finish()])
        return self._emit(rows, self._done + len(self._sound))

    @property
    def _moves(self) -> bool:
        return not self.manner.still and self.manner.head_motion > 0

    def _move(self, noise: Array, sound: Array) -> Array:
        if not self._moves:
            return np.zeros((len(sound), 6), np.float32)
        with torch.inference_mode():
            motion = self.networks.pose(
                torch.from_numpy(noise)[None].to(self._device),
                torch.from_numpy(sound)[None].to(self._device),
                torch.from_numpy(self._first_pose)[None].to(self._device),
                torch.tensor([self.manner.style], device=self._device),
            )
        out: Array = motion[0].cpu().numpy()
        return out

    @property
    def _first_pose(self) -> Array:
        return self.manner.reference[CoefficientTrack.POSE]

    def _placed(self, motion: Array) -> Array:
        if self.manner.head_motion != 1:
            motion = motion * np.float32(self.manner.head_motion)
        return self._first_pose + motion

    def _emit(self, poses: Array, end: int | None) -> Array:
        """Puts the next frames together, as many as there are poses."""
        first, last = self._done, self._done + len(poses)
        if first == last:
            return np.zeros((0, CoefficientTrack.POSE.stop), np.float32)
        manner = self.manner
        sound, self._sound = torch.stack(self._sound[: len(poses)]), self._sound[len(poses) :]
        closed = torch.from_numpy(self.blinks.take(first, last, end).astype(np.float32)).to(self._device)
        start = torch.from_numpy(manner.reference[CoefficientTrack.EXPRESSION]).to(self._device)
        with torch.inference_mode():
            expression = self.networks.expression.express(sound, start.expand(len(poses), -1), closed).cpu().numpy()
        if manner.pose_reference is not None:
            added = reference_motion(manner.pose_reference, first, last, turn_back=True)
            poses = poses + added * np.float32(manner.head_motion)
        self._done = last
        generated = np.concatenate([expression, poses], axis=1)
        return assemble(generated, manner.reference, expression_scale=manner.expression_scale, still=manner.still)
