"""Rotations as matrices, axis-angle vectors and the six numbers that networks like (Zhou et al., CVPR 2019).

All functions take any leading shape and keep the dtype. The six numbers are the first two rows of the matrix.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

#: The six numbers of the identity.
IDENTITY_6D: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_TINY = 1e-6


def axis_angle_to_matrix(axis_angle: Tensor) -> Tensor:
    """Axis-angle [..., 3] in radians to matrices [..., 3, 3], by way of quaternions."""
    return quaternion_to_matrix(axis_angle_to_quaternion(axis_angle))


def axis_angle_to_quaternion(axis_angle: Tensor) -> Tensor:
    """Axis-angle [..., 3] in radians to unit quaternions [..., 4], real part first."""
    angle = torch.linalg.vector_norm(axis_angle, dim=-1, keepdim=True)
    share = torch.where(angle < _TINY, torch.full_like(angle, 0.5), torch.sin(angle / 2) / angle)
    return torch.cat([torch.cos(angle / 2), axis_angle * share], dim=-1)


def quaternion_to_matrix(quaternion: Tensor) -> Tensor:
    """Quaternions [..., 4] of any length, real part first, to matrices [..., 3, 3]."""
    r, i, j, k = torch.unbind(quaternion, -1)
    two = 2.0 / (quaternion * quaternion).sum(-1)
    rows = (
        1 - two * (j * j + k * k), two * (i * j - k * r), two * (i * k + j * r),
        two * (i * j + k * r), 1 - two * (i * i + k * k), two * (j * k - i * r),
        two * (i * k - j * r), two * (j * k + i * r), 1 - two * (i * i + j * j),
    )  # fmt: skip
    return torch.stack(rows, -1).reshape((*quaternion.shape[:-1], 3, 3))


def matrix_to_quaternion(matrix: Tensor) -> Tensor:
    """Rotation matrices [..., 3, 3] to unit quaternions [..., 4], real part first and not negative.

    Each of the four components can be had by a square root of diagonal terms; the largest is taken so, and the others
    follow from it without loss of digits (Shepperd, 1978).
    """
    m = matrix
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    squares = torch.stack([1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz], -1)
    size = squares.clamp_min(0).sqrt()
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    s = size * size
    candidates = torch.stack(
        [
            torch.stack([s[..., 0], a, b, c], -1),
            torch.stack([a, s[..., 1], d, e], -1),
            torch.stack([b, d, s[..., 2], f], -1),
            torch.stack([c, e, f, s[..., 3]], -1),
        ],
        -2,
    )
    best = size.argmax(-1)
    row = torch.take_along_dim(candidates, best[..., None, None].expand((*best.shape, 1, 4)), dim=-2)[..., 0, :]
    quaternion = row / (2 * torch.take_along_dim(size, best[..., None], dim=-1).clamp_min(0.1))
    quaternion = functional.normalize(quaternion, dim=-1)
    return torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)


def matrix_to_quaternion_by_roots(matrix: Tensor) -> Tensor:
    """As :func:`matrix_to_quaternion`, but every component by its own square root and a sign, as EMAGE's tools have it.

    In float32 it is wrong by up to 3e-4 in components near 0, which is why it is for comparing with those tools only.
    Within 2e-4 rad of half a turn, where the signs say nothing any more, the precise way is taken.
    """
    m = matrix
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    squares = torch.stack([1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz], -1)
    size = 0.5 * squares.clamp_min(0).sqrt()
    signs = torch.stack([m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]], -1)
    quaternion = torch.cat([size[..., :1], torch.copysign(size[..., 1:], signs)], -1)
    return torch.where(size[..., :1] < 1e-4, matrix_to_quaternion(matrix), quaternion)


def quaternion_to_axis_angle(quaternion: Tensor) -> Tensor:
    """Quaternions [..., 4] of unit length, real part first and not negative, to axis-angle [..., 3], at most π long."""
    norm = torch.linalg.vector_norm(quaternion[..., 1:], dim=-1, keepdim=True)
    half = torch.atan2(norm, quaternion[..., :1])
    share = torch.sin(half) / (2 * half).clamp_min(_TINY)
    share = torch.where(half > _TINY, share, torch.full_like(half, 0.5))
    return quaternion[..., 1:] / share


def matrix_to_axis_angle(matrix: Tensor, *, by_roots: bool = True) -> Tensor:
    """Rotation matrices [..., 3, 3] to axis-angle [..., 3] in radians.

    Args:
        matrix: The matrices.
        by_roots: Take :func:`matrix_to_quaternion_by_roots`, as EMAGE's tools do; else the precise way.
    """
    return quaternion_to_axis_angle((matrix_to_quaternion_by_roots if by_roots else matrix_to_quaternion)(matrix))


def matrix_to_6d(matrix: Tensor) -> Tensor:
    """Matrices [..., 3, 3] to six numbers [..., 6]: the first two rows."""
    return matrix[..., :2, :].reshape((*matrix.shape[:-2], 6))


def sixd_to_matrix(sixd: Tensor) -> Tensor:
    """Six numbers [..., 6] of any length to rotation matrices [..., 3, 3], by Gram and Schmidt."""
    first = functional.normalize(sixd[..., :3], dim=-1)
    second = sixd[..., 3:]
    second = functional.normalize(second - (first * second).sum(-1, keepdim=True) * first, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second, dim=-1)], dim=-2)


def axis_angle_to_6d(axis_angle: Tensor) -> Tensor:
    """Axis-angle [..., 3] to six numbers [..., 6]."""
    return matrix_to_6d(axis_angle_to_matrix(axis_angle))


def sixd_to_axis_angle(sixd: Tensor, *, by_roots: bool = True) -> Tensor:
    """Six numbers [..., 6] to axis-angle [..., 3]; ``by_roots`` as in :func:`matrix_to_axis_angle`."""
    return matrix_to_axis_angle(sixd_to_matrix(sixd), by_roots=by_roots)
