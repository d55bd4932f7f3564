"""Motion that only one family of engines speaks: of a network's own face model, and of a whole body.

The face that every default engine speaks is :class:`~paksatalker.core.timeline.FaceTrack`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from paksatalker.core.timeline import FaceTrack, FloatArray


@dataclass(frozen=True, slots=True)
class CoefficientTrack:
    """Face motion in the terms of one network, for a renderer of the same family only.

    SadTalker's: of each frame 64 expression coefficients, then the head's angles (pitch, yaw, roll, radians) and its
    translation (3), all of the 3-D face model that its own reconstruction measures in a photo; in ``full`` mode three
    more (scale and shift of the crop). Row ``k`` shows the state at ``(first_frame + k) / fps``.

    Attributes:
        fps: Frames a second.
        coefficients: float32 [T, 70] or [T, 73].
        degrees: float32 [T, 3]: yaw, pitch and roll that replace what the renderer would find in the coefficients;
            NaN where it is left alone. None where nothing is replaced.
        first_frame: Index of row 0 on the video's clock.
    """

    EXPRESSION: ClassVar[slice] = slice(0, 64)
    POSE: ClassVar[slice] = slice(64, 70)
    CROP: ClassVar[slice] = slice(70, 73)

    fps: float
    coefficients: FloatArray
    degrees: FloatArray | None = None
    first_frame: int = 0

    def __post_init__(self) -> None:
        if self.coefficients.ndim != 2 or self.coefficients.shape[1] not in (self.POSE.stop, self.CROP.stop):
            raise ValueError(f"coefficients have shape {self.coefficients.shape}, not [T, 70] or [T, 73]")
        if self.degrees is not None and self.degrees.shape != (len(self.coefficients), 3):
            raise ValueError(f"degrees have shape {self.degrees.shape}, not [{len(self.coefficients)}, 3]")

    def __len__(self) -> int:
        return len(self.coefficients)

    def __getitem__(self, rows: slice) -> CoefficientTrack:
        """A contiguous run of frames; views, not copies."""
        first, _, step = rows.indices(len(self))
        if step != 1:
            raise ValueError("a track can only be cut into contiguous runs")
        degrees = None if self.degrees is None else self.degrees[rows]
        return replace(
            self, first_frame=self.first_frame + first, coefficients=self.coefficients[rows], degrees=degrees
        )


@dataclass(frozen=True, slots=True)
class BodyTrack:
    """Full-body motion in SMPL-X convention. Row ``i`` is frame ``first_frame + i``, at ``(first_frame + i) / fps``.

    Attributes:
        fps: Frames a second.
        pose: Axis-angle [T, 55, 3] in radians: every joint against its parent.
        root: Position [T, 3] in metres: x to the person's left, y up, z forward.
        first_frame: Index of row 0.
        expressions: Face coefficients of SMPL-X [T, 100]; None where only the body moves.
        contact: [T, 4] about 0–1: whether left heel, left toe, right heel, right toe stand; None where not known.
    """

    fps: float
    pose: FloatArray
    root: FloatArray
    first_frame: int = 0
    expressions: FloatArray | None = None
    contact: FloatArray | None = None

    _ROWS: ClassVar[tuple[str, ...]] = ("pose", "root", "expressions", "contact")

    def __post_init__(self) -> None:
        if self.pose.shape[1:] != (55, 3):
            raise ValueError(f"pose has shape {self.pose.shape}, not [T, 55, 3]")
        for name in self._ROWS:
            rows = getattr(self, name)
            if rows is not None and len(rows) != len(self.pose):
                raise ValueError(f"{name} has {len(rows)} rows, not {len(self.pose)}")

    def __len__(self) -> int:
        return len(self.pose)

    def __getitem__(self, rows: slice) -> BodyTrack:
        """A contiguous run of frames; views, not copies."""
        first, _, step = rows.indices(len(self))
        if step != 1:
            raise ValueError("a track can only be cut into contiguous runs")
        cut: dict[str, Any] = {n: None if getattr(self, n) is None else getattr(self, n)[rows] for n in self._ROWS}
        return replace(self, first_frame=self.first_frame + first, **cut)

    @classmethod
    def concatenate(cls, tracks: Sequence[BodyTrack]) -> BodyTrack:
        """Joins neighbouring pieces into one. For tests and short clips; long work stays in pieces."""
        for before, after in itertools.pairwise(tracks):
            if after.first_frame != before.first_frame + len(before) or after.fps != before.fps:
                raise ValueError("pieces are not neighbours")
        joined: dict[str, Any] = {}
        for name in cls._ROWS:
            pieces = [getattr(track, name) for track in tracks]
            joined[name] = None if any(piece is None for piece in pieces) else np.concatenate(pieces)
        return replace(tracks[0], **joined)


@dataclass(frozen=True, slots=True)
class Performance:
    """What one piece of speech makes face and body do. Body is None where only a face is asked for."""

    face: FaceTrack
    body: BodyTrack | None = None
