"""The network behind the Fréchet gesture distance: an autoencoder of motion that convolves along the skeleton.

Aberman et al., "Skeleton-Aware Networks for Deep Motion Retargeting", SIGGRAPH 2020: an edge of the skeleton sees only
edges near it, and edges of one chain are merged in pairs from layer to layer.

A joint's rotation belongs to the edge from its parent to it. The root has no parent; its edge goes to a joint that
there is not, so every joint has one edge and edge ``j`` is joint ``j``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from paksatalker.models.pantomatrix.convolutions import ResBlock

#: Parent of each joint of SMPL-X; −1 for the root.
PARENTS: tuple[int, ...] = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 15, 15, 15,
    20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35, 20, 37, 38,
    21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50, 21, 52, 53,
)  # fmt: skip
#: Numbers an edge before each layer, and after the last.
CHANNELS: tuple[int, ...] = (6, 6, 6, 12, 12)
FEATURES = 240
_DISTANCE = 2
_NORM_GROUPS = 10
_KERNEL = 4
_SLOPE = 0.2
Edge = tuple[int, int]
Bools = npt.NDArray[np.bool_]


def skeleton_edges(parents: Sequence[int] = PARENTS) -> list[Edge]:
    """An edge for each joint: (parent, joint); the root's goes to a joint of its own beyond all others."""
    return [(parent, joint) if parent >= 0 else (joint, len(parents)) for joint, parent in enumerate(parents)]


def neighbours(edges: Sequence[Edge], distance: int = _DISTANCE) -> Bools:
    """Which edges are near which: [E, E], true where at most ``distance`` steps apart; a step is a shared joint."""
    touch = np.array([[bool({*one} & {*other}) for other in edges] for one in edges])
    near = np.eye(len(edges), dtype=bool)
    for _ in range(distance):
        near = near @ touch
    return near


def merge(edges: Sequence[Edge]) -> tuple[list[list[int]], list[Edge]]:
    """Merges edges in pairs along every chain between branchings.

    A chain of odd length keeps its first edge. The root does not end a chain, however many edges it has.

    Returns:
        Which edges each new edge is made of, and the new edges.
    """
    degree = np.bincount(np.ravel(edges))
    chains: list[list[int]] = []

    def follow(joint: int, chain: list[int]) -> None:
        if joint and degree[joint] > 2:
            chains.append(chain)
            chain = []
        if degree[joint] == 1:
            chains.append(chain)
            return
        for index, (parent, child) in enumerate(edges):
            if parent == joint:
                follow(child, [*chain, index])

    follow(0, [])
    groups: list[list[int]] = []
    for chain in chains:
        odd = len(chain) % 2
        groups += [chain[:1]] * odd + [chain[i : i + 2] for i in range(odd, len(chain), 2)]
    return groups, [(edges[group[0]][0], edges[group[-1]][1]) for group in groups]


class SkeletonConv(nn.Module):
    """A convolution over time, two frames a step, in which an edge sees only edges near it.

    Args:
        near: [E, E] from :func:`neighbours`.
        inputs: Numbers an edge.
        outputs: Numbers an edge after it.
        kernel: Frames it sees.
    """

    def __init__(self, near: Bools, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        mask = torch.from_numpy(np.kron(near, np.ones((outputs, inputs), np.float32)))
        # The original keeps its masks among the parameters; its checkpoints have them.
        self.mask = nn.Parameter(mask[..., None].repeat(1, 1, kernel), requires_grad=False)
        self.weight = nn.Parameter(torch.empty_like(self.mask))
        self.bias = nn.Parameter(torch.zeros(len(mask)))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        self.padding = (kernel - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        """[B, E·inputs, T] to [B, E·outputs, T/2]."""
        return nn.functional.conv1d(x, self.weight * self.mask, self.bias, stride=2, padding=self.padding)


class SkeletonPool(nn.Module):
    """New edges as the mean of the edges that they are made of."""

    def __init__(self, groups: Sequence[Sequence[int]], channels: int) -> None:
        super().__init__()
        share = np.zeros((len(groups), 1 + max(itertools.chain.from_iterable(groups))), np.float32)
        for new, group in enumerate(groups):
            share[new, group] = 1 / len(group)
        weight = torch.from_numpy(np.kron(share, np.eye(channels, dtype=np.float32)))
        self.weight = nn.Parameter(weight, requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, E·channels, T] to [B, fewer·channels, T]."""
        return self.weight @ x


class SkeletonBlock(nn.Module):
    """Convolution with a shortcut round it, then fewer edges where some can be merged; half the frames."""

    def __init__(self, edges: Sequence[Edge], inputs: int, outputs: int) -> None:
        super().__init__()
        near = neighbours(edges)
        norm = nn.GroupNorm(_NORM_GROUPS, len(edges) * outputs)
        self.residual = nn.Sequential(SkeletonConv(near, inputs, outputs, _KERNEL), norm)
        self.shortcut = SkeletonConv(near, inputs, outputs, 1)
        groups, self.edges = merge(edges)
        pool = [SkeletonPool(groups, outputs)] if len(groups) < len(edges) else []
        self.common = nn.Sequential(*pool, nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        """[B, E·inputs, T] to [B, fewer·outputs, T/2]."""
        out: Tensor = self.common(self.residual(x) + self.shortcut(x))
        return out


class SkeletonEncoder(nn.Module):
    """Motion to features, 16 frames each."""

    def __init__(self) -> None:
        super().__init__()
        edges = skeleton_edges()
        self.layers = nn.ModuleList()
        for inputs, outputs in itertools.pairwise(CHANNELS):
            block = SkeletonBlock(edges, inputs, outputs)
            self.layers.append(nn.Sequential(block))
            edges = block.edges

    def forward(self, motion: Tensor) -> Tensor:
        """[B, T, 330] to [B, T/16, 240]."""
        x = motion.transpose(1, 2)
        for layer in self.layers:
            x = layer(x)
        return x.transpose(1, 2)


class FeatureDecoder(nn.Module):
    """Features back to motion. FGD does not need it; the checkpoint has it."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [ResBlock(FEATURES), ResBlock(FEATURES)]
        layers = len(CHANNELS) - 1
        dims = len(PARENTS) * CHANNELS[0]
        for layer in range(layers):
            conv = nn.Conv1d(FEATURES, dims if layer == layers - 1 else FEATURES, 3, padding=1)
            blocks += [nn.Upsample(scale_factor=2, mode="nearest"), conv, nn.LeakyReLU(_SLOPE)]
        self.main = nn.Sequential(*blocks, nn.Conv1d(dims, dims, 3, padding=1))

    def forward(self, features: Tensor) -> Tensor:
        """[B, T/16, 240] to [B, T, 330]."""
        out: Tensor = self.main(features.transpose(1, 2))
        return out.transpose(1, 2)


class MotionAutoencoder(nn.Module):
    """The whole of ``AESKConv_240_100.bin``; what FGD compares are the encoder's features, before ``fc_mu``."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = SkeletonEncoder()
        self.decoder = FeatureDecoder()
        self.fc_mu = nn.Linear(FEATURES, FEATURES)
        self.fc_logvar = nn.Linear(FEATURES, FEATURES)

    def forward(self, motion: Tensor) -> Tensor:
        """Rotations [B, T, 330] as 6 numbers a joint (T a multiple of 16) to features [B, T/16, 240]."""
        features: Tensor = self.encoder(motion)
        return features
