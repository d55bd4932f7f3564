"""Codes of the four parts to the motion of the whole body."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paksatalker.models.pantomatrix import rotation
from paksatalker.models.pantomatrix.emage import BODY_PARTS, MOTION_DIMS, Prediction
from paksatalker.models.pantomatrix.vq import PARTS, GlobalMotion, MotionVQ

FPS = 30
JOINTS = 55
UPPER: tuple[int, ...] = (3, 6, 9, *range(12, 22))
LOWER: tuple[int, ...] = (0, 1, 2, 4, 5, 7, 8, 10, 11)
HANDS: tuple[int, ...] = tuple(range(25, 55))
JAW = 22
EYES: tuple[int, ...] = (23, 24)


@dataclass(frozen=True, slots=True)
class Codes:
    """What is decoded: the face's latent float32 [B, T, 256] and the others' code indices int64 [B, T]."""

    face: Tensor
    upper: Tensor
    hands: Tensor
    lower: Tensor

    @property
    def frames(self) -> int:
        """T."""
        return self.face.shape[1]

    def __getitem__(self, frames: slice) -> Codes:
        """A run of frames."""
        return Codes(self.face[:, frames], self.upper[:, frames], self.hands[:, frames], self.lower[:, frames])

    @classmethod
    def of(cls, prediction: Prediction) -> Codes:
        """The codes that a prediction takes for the best."""
        index = {part: prediction.logits[part].argmax(-1) for part in BODY_PARTS}
        return cls(prediction.latent["face"], **index)

    @classmethod
    def join(cls, pieces: list[Codes]) -> Codes:
        """Pieces one after another."""
        fields = ("face", *BODY_PARTS)
        return cls(*(torch.cat([getattr(piece, name) for piece in pieces], dim=1) for name in fields))


@dataclass(frozen=True, slots=True)
class Decoded:
    """Motion of T frames.

    Attributes:
        axis_angle: float32 [B, T, 55, 3], SMPL-X order, radians.
        expressions: float32 [B, T, 100], of SMPL-X.
        velocity: float32 [B, T, 3]: of the root, x and z in m/s; y is its height in metres.
        known: float32 [B, T, 337]: the motion as the network takes it for known.
        contact: float32 [B, T, 4]: 1 where a foot stands: left heel, left toe, right heel, right toe; about 0–1.
    """

    axis_angle: Tensor
    expressions: Tensor
    velocity: Tensor
    known: Tensor
    contact: Tensor


class MotionDecoder(nn.Module):
    """The decoders of all parts together."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({name: MotionVQ(part) for name, part in PARTS.items()})
        self.body = GlobalMotion()

    def part(self, name: str) -> MotionVQ:
        """The network of a part."""
        found = self.parts[name]
        if not isinstance(found, MotionVQ):
            raise TypeError(name)
        return found

    def forward(self, codes: Codes, *, by_roots: bool = True, where: bool = True) -> Decoded:
        """Decodes codes of T frames.

        Args:
            codes: What to decode.
            by_roots: Angles as the original tools round them; else precise ones.
            where: Also find out where the body goes; otherwise ``velocity`` is zero.
        """
        face = self.part("face").decode(self.part("face").quantizer.nearest(codes.face))
        decoded = {part: self.part(part).decode(getattr(codes, part)) for part in BODY_PARTS}
        lower = decoded["lower"]
        axis_angle = face.new_zeros(*face.shape[:2], JOINTS, 3)  # the eyes stay as they are
        sixd = ((UPPER, decoded["upper"]), (HANDS, decoded["hands"]), (LOWER, lower[..., :54]), ((JAW,), face[..., :6]))
        for joints, turned in sixd:  # each as it lies in memory: that decides how the processor rounds
            axis_angle[:, :, list(joints)] = rotation.sixd_to_axis_angle(_joints(turned), by_roots=by_roots)
        known = torch.cat([rotation.axis_angle_to_6d(axis_angle).flatten(-2), lower[..., 54:]], dim=-1)
        velocity = self.body(lower)[..., 54:57] if where else torch.zeros_like(lower[..., 54:57])
        return Decoded(axis_angle, face[..., 6:], velocity, known, lower[..., 57:61])


def _joints(sixd: Tensor) -> Tensor:
    """[B, T, 6·J] as [B, T, J, 6]."""
    return sixd.reshape(*sixd.shape[:2], -1, 6)


def identity_motion(frames: int, device: torch.device | None = None) -> Tensor:
    """Motion [1, frames, 337] of which nothing is known: every joint unturned, everything else 0."""
    sixd = torch.tensor(rotation.IDENTITY_6D, device=device).repeat(JOINTS)
    return torch.cat([sixd, torch.zeros(MOTION_DIMS - len(sixd), device=device)]).expand(1, frames, -1)


def integrate(velocity: Tensor, start: Tensor) -> Tensor:
    """Where the root is: x and z by adding up velocity, y as it is.

    Args:
        velocity: [B, T, 3] as in :class:`Decoded`.
        start: [B, 3] position of the first frame; its y is not looked at.

    Returns:
        [B, T, 3] metres. Frame t + 1 is frame t moved by the velocity of frame t for 1/30 s.
    """
    rows = [start]
    for step in (velocity[:, :-1] * (1 / FPS)).unbind(1):  # one by one: a cumulative sum rounds otherwise
        rows.append(rows[-1] + step)
    where = torch.stack(rows, dim=1)
    where[..., 1] = velocity[..., 1]
    return where
