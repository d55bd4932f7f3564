"""Which landmark is what: index lists of MediaPipe's 478-point face mesh.

Left and right of a list are the image's, from the viewer's left to right; an eye's lists run from its outer to its
inner corner. The numbers are those of MediaPipe's canonical face model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Inner lip contours from the left to the right corner; the corners are shared, the nine between are pairs.
UPPER_INNER: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
#: Lip rows from the inner contour outwards, same order: inside the red, its middle, its border with the skin.
UPPER_ROWS: Final = (
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
)
LOWER_ROWS: Final = (
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
)
LIPS: Final = tuple(sorted({i for row in (UPPER_INNER, LOWER_INNER, *UPPER_ROWS, *LOWER_ROWS) for i in row}))

#: Outline of the face, clockwise from the top of the forehead.
OVAL: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip

#: Points that expression hardly moves: forehead, nose bridge, eye corners, temples, cheek bones.
STABLE: Final = (
    10, 338, 297, 332, 109, 67, 103, 151, 9, 8, 168, 6, 197, 195, 33, 133, 362, 263, 130, 359, 127, 356, 234, 454,
    108, 337, 69, 299, 21, 251, 162, 389,
)  # fmt: skip

BROWS: Final = (
    (70, 63, 105, 66, 107, 46, 53, 52, 65, 55),
    (300, 293, 334, 296, 336, 276, 283, 282, 295, 285),
)

FOREHEAD: Final = 10
CHIN: Final = 152
CHEEKS: Final = (234, 454)
OUTER_EYE_CORNERS: Final = (33, 263)
NOSE_TIP: Final = 4
NOSE_BRIDGE: Final = 6
POINTS: Final = 478
SKIN_POINTS: Final = 468  # the last ten are the irises


@dataclass(frozen=True, slots=True)
class EyeIndices:
    """Landmarks of one eye, outer to inner corner.

    Attributes:
        upper: Upper lid's edge.
        lower: Lower lid's edge; shares the corners with ``upper``.
        ring: Fold of the upper lid.
        outer_ring: Between fold and brow.
        iris: Centre of the iris; the next four indices lie on its rim.
        blink: ARKit coefficient that closes it.
    """

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    ring: tuple[int, ...]
    outer_ring: tuple[int, ...]
    iris: int
    blink: str


#: The eye at the image's left (the person's right) and the one at the image's right.
EYES: Final = (
    EyeIndices(
        upper=(33, 246, 161, 160, 159, 158, 157, 173, 133),
        lower=(33, 7, 163, 144, 145, 153, 154, 155, 133),
        ring=(130, 247, 30, 29, 27, 28, 56, 190, 243),
        outer_ring=(226, 113, 225, 224, 223, 222, 221, 189, 244),
        iris=468,
        blink="eyeBlinkRight",
    ),
    EyeIndices(
        upper=(263, 466, 388, 387, 386, 385, 384, 398, 362),
        lower=(263, 249, 390, 373, 374, 380, 381, 382, 362),
        ring=(359, 467, 260, 259, 257, 258, 286, 414, 463),
        outer_ring=(446, 342, 445, 444, 443, 442, 441, 413, 464),
        iris=473,
        blink="eyeBlinkLeft",
    ),
)


def strip(first: tuple[int, ...], second: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Triangles of the band between two rows of equal length; shared end points give degenerate ones, left out."""
    triangles = []
    for a, b, c, d in zip(first, first[1:], second, second[1:], strict=False):
        triangles += [t for t in ((a, b, c), (b, d, c)) if len(set(t)) == 3]
    return triangles


#: Triangles over the mesh's hole at the mouth.
MOUTH: Final = tuple(strip(UPPER_INNER, LOWER_INNER))
