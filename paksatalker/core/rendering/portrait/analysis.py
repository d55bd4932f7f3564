"""Finds the face that will speak: which one, where exactly, and whether it can be animated.

Every candidate that ``search.py`` finds is looked at again in a crop around it: that drops false alarms and gives sharp
landmarks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.image import Picture, Rgb
from paksatalker.core.rendering.portrait.search import (
    SEARCH_CONFIDENCE,
    TILE_PIXELS,
    TileSearch,
    detect_in,
    shrunk,
    shrunk_base,
    squares,
)
from paksatalker.errors import FaceTooSmall, NoFace, NoSuchFace
from paksatalker.models.mediapipe.landmarker import FaceLandmarker, FaceLandmarks

#: Smallest face that can be animated, forehead to chin, pixels.
MIN_FACE = 64
_LYING_PIXELS = 2048  # a photo that may lie on its side is shrunk to this: only its large faces are looked for
_REACH = 5  # squares of so many face heights show such a face; the next ones, half as large, others half its size
_CROP_PIXELS = 640
_CROPS = (2.3, 3.2, 1.7)  # times the face's height; the next is tried where the one before shows nothing
_PRECISE_CROPS = (2.0, 2.4, 2.8)
_CROP_CONFIDENCE = 0.7  # 0.5 takes a colour wheel and upside-down faces for faces
_SURE_CONFIDENCE = 0.8  # upside-down faces never reach it
_LENIENT_CONFIDENCE = 0.45  # for a large face in a bad photo, when nothing better was found
_MAX_FACES = 24
_CUT_OFF = 0.06  # of a face's height; what is tracked beyond the edge may lie off by half of it
_MAX_YAW = 60.0  # degrees; beyond it the far eye is hidden and its landmarks are invented
_WIDE_YAW = 38.0
_MAX_ROLL = 55.0  # degrees; nobody holds the head so: the photo lies on its side
_UPRIGHT_ROLL = 30.0


class WeightsPaths(Protocol):
    """Where model files are: :class:`paksatalker.models.base.WeightsStore`."""

    def path(self, name: str) -> Path:
        """The verified file of a manifest entry."""
        ...


@dataclass(frozen=True, slots=True)
class Portrait:
    """A photo with the face that speaks.

    Attributes:
        picture: The photo.
        face: Landmarks in the photo's pixels.
        index: Which face, 1 is the largest.
        count: How many faces were found.
        notes: What the user should know, one sentence each.
    """

    picture: Picture
    face: FaceLandmarks
    index: int = 1
    count: int = 1
    notes: tuple[str, ...] = ()


def analyse(picture: Picture, face: int | None, store: WeightsPaths) -> Portrait:
    """Finds the face to animate.

    Args:
        picture: The photo.
        face: Which one, 1 for the largest, 2 for the next; None takes the largest and leaves a note if there are more.
        store: Gives the path of ``face-landmarker``.

    Raises:
        NoFace: There is none, or it is seen from the side, or the photo lies on its side.
        NoSuchFace: Fewer than ``face`` faces.
        FaceTooSmall: Its height is below :data:`MIN_FACE`.
        WeightsMissing: The landmarker has not been downloaded.
    """
    model = store.path("face-landmarker")
    faces = _faces(picture, model, face or 1)
    if face is not None and not 1 <= face <= len(faces):
        found = "1 face was" if len(faces) == 1 else f"{len(faces)} faces were"
        raise NoSuchFace(
            f"there is no face {face} in {picture.name}",
            f"{found} found, counted from the largest",
            "Leave --face out" if len(faces) == 1 else f"Choose 1 to {len(faces)}",
        )
    index = face or 1
    chosen = faces[index - 1]
    _check(chosen, picture)
    precise = _precise(_visible(picture), chosen, model, picture)
    return Portrait(picture, precise, index, len(faces), tuple(_notes(faces, index, picture, asked=face is not None)))


def face_height(face: FaceLandmarks) -> float:
    """Forehead to chin in three dimensions (a nod does not shorten it), pixels."""
    return float(np.linalg.norm(face.points[10] - face.points[152]))


def yaw_and_roll(face: FaceLandmarks) -> tuple[float, float]:
    """Degrees: yaw to the image's right, roll clockwise as seen by the viewer."""
    forward, down = -face.rotation[:, 2], face.rotation[:, 1]
    yaw = np.degrees(np.arctan2(forward[0], -forward[2]))
    roll = np.degrees(np.arctan2(-down[0], down[1]))
    return float(yaw), float(roll)


def _faces(picture: Picture, model: Path, wanted: int) -> list[FaceLandmarks]:
    rgb = _visible(picture)
    with ExitStack() as stack:

        def net(confidence: float) -> FaceLandmarker:
            return stack.enter_context(FaceLandmarker(model, max_faces=4, min_confidence=confidence))

        search, closer, base = TileSearch(net), net(_CROP_CONFIDENCE), shrunk_base(rgb)
        if faces := _find_all(rgb, search, closer, wanted, base=base):
            return faces
        if lying := _lying_photo(picture, base, search, closer):
            raise lying
        if faces := _find_all(rgb, search, net(_LENIENT_CONFIDENCE), wanted, levels=1):
            return faces
    raise NoFace(
        f"no face was found in {picture.name}",
        f"nothing in its {picture.width} × {picture.height} pixels looks like a face seen from the front",
        "Use a photo of one person who looks towards the camera, well lit and not covered",
    )


def _visible(picture: Picture) -> Rgb:
    """The photo over mid-grey, as a detector should see it."""
    if picture.alpha is None:
        return picture.rgb
    return np.where(picture.alpha[:, :, None] < 128, np.uint8(127), picture.rgb)


def _find_all(
    rgb: Rgb,
    search: TileSearch,
    closer: FaceLandmarker,
    wanted: int,
    *,
    levels: int | None = None,
    base: Rgb | None = None,
) -> list[FaceLandmarks]:
    """All faces, largest first.

    Stops one level below that which shows ``wanted`` faces, but not before others about half as large are found too.
    """
    faces: list[FaceLandmarks] = []
    last = False
    base = rgb if base is None else base
    for level, (side, tiles) in enumerate(islice(squares(*rgb.shape[:2]), levels)):
        scale = min(1.0, TILE_PIXELS / side)
        small = shrunk(base, scale * rgb.shape[1] / base.shape[1])
        ratio = np.array([rgb.shape[1] / small.shape[1], rgb.shape[0] / small.shape[0], 1.0 / scale])
        scaled = [(round(x * scale), round(y * scale), round(w * scale), round(h * scale)) for x, y, w, h in tiles]
        found_here = search.faces(small, scaled, whole=level == 0)
        candidates = [replace(found, points=found.points * ratio) for found in found_here]
        for candidate in _distinct(candidates, [])[:_MAX_FACES]:
            seen = _look_closer(rgb, candidate, closer)
            if seen is not None:
                faces.extend(_distinct([seen], faces))
        faces.sort(key=lambda found: -found.eye_distance)
        if last:
            break
        last = len(faces) >= wanted and side <= _REACH * face_height(faces[wanted - 1])
    return faces


def _look_closer(rgb: Rgb, face: FaceLandmarks, net: FaceLandmarker) -> FaceLandmarks | None:
    """The same face tracked again in a crop around it; None for a false alarm."""
    seen = (_track_in_crop(rgb, face, net, zoom) for zoom in _CROPS)
    return next((found for found in seen if found is not None), None)


def _track_in_crop(rgb: Rgb, face: FaceLandmarks, net: FaceLandmarker, zoom: float) -> FaceLandmarks | None:
    centre = _centre(face)
    side = max(8, round(zoom * face_height(face)))
    tile = (round(centre[0] - side / 2), round(centre[1] - side / 2), side, side)
    near = [found for found in detect_in(rgb, tile, net, _CROP_PIXELS) if _same(found, face)]
    return min(near, key=lambda found: float(np.linalg.norm(_centre(found) - centre)), default=None)


def _precise(rgb: Rgb, face: FaceLandmarks, model: Path, picture: Picture) -> FaceLandmarks:
    """The mean of the face as tracked in several crops: the tracker's own jitter is about 1% of the face."""
    with FaceLandmarker(model, max_faces=4, min_confidence=_SURE_CONFIDENCE) as net:
        views = _views(rgb, face, net)
        if not views and _is_upside_down(rgb, face, net):
            raise _lying(picture, 180.0)
    if not views:
        with FaceLandmarker(model, max_faces=4, min_confidence=SEARCH_CONFIDENCE) as net:
            views = _views(rgb, face, net)
    views.append(face)
    left, _, right = np.linalg.svd(np.mean([view.rotation for view in views], axis=0))
    return FaceLandmarks(
        points=np.mean([view.points for view in views], axis=0),
        rotation=left @ right,
        scores={name: float(np.mean([view.scores[name] for view in views])) for name in face.scores},
    )


def _views(rgb: Rgb, face: FaceLandmarks, net: FaceLandmarker) -> list[FaceLandmarks]:
    seen = (_track_in_crop(rgb, face, net, zoom) for zoom in _PRECISE_CROPS)
    return [found for found in seen if found is not None]


def _is_upside_down(rgb: Rgb, face: FaceLandmarks, net: FaceLandmarker) -> bool:
    """Whether a doubtful face is a sure one the other way up: chin and forehead look alike to the detector."""
    left, top, right, bottom = face.box
    margin = 0.8 * face_height(face)
    x0, y0 = (max(0, int(v - margin)) for v in (left, top))
    crop = rgb[y0 : int(bottom + margin), x0 : int(right + margin)]
    turned = np.ascontiguousarray(crop[::-1, ::-1])
    height, width = turned.shape[:2]
    found = detect_in(turned, (0, 0, width, height), net, _CROP_PIXELS)
    return any(abs(yaw_and_roll(one)[1]) < _UPRIGHT_ROLL for one in found)


def _centre(face: FaceLandmarks) -> npt.NDArray[np.float64]:
    left, top, right, bottom = face.box
    return np.array([(left + right) / 2, (top + bottom) / 2])


def _same(a: FaceLandmarks, b: FaceLandmarks) -> bool:
    distance = float(np.linalg.norm(_centre(a) - _centre(b)))
    return distance < 0.45 * max(face_height(a), face_height(b))


def _distinct(faces: list[FaceLandmarks], known: list[FaceLandmarks]) -> list[FaceLandmarks]:
    """Those that are neither known nor seen twice, largest first."""
    kept: list[FaceLandmarks] = []
    for face in sorted(faces, key=lambda found: -found.eye_distance):
        if not any(_same(face, other) for other in known + kept):
            kept.append(face)
    return kept


def _check(face: FaceLandmarks, picture: Picture) -> None:
    yaw, roll = yaw_and_roll(face)
    height = face_height(face)
    if height < MIN_FACE:
        raise FaceTooSmall(
            f"the face in {picture.name} is too small",
            f"it is {int(height)} pixels high, at least {MIN_FACE} are needed",
            "Use a larger version of the photo, or crop it less",
        )
    if abs(roll) > _MAX_ROLL:
        raise _lying(picture, roll)
    if abs(yaw) > _MAX_YAW:
        raise NoFace(
            f"the face in {picture.name} cannot be animated",
            f"it is turned {abs(yaw):.0f}° to the side, so that half of it is hidden",
            "Use a photo that shows both eyes",
        )


def _lying(picture: Picture, roll: float) -> NoFace:
    turn = "upside down" if abs(roll) > 135 else "on its side"
    mend = "by 180°" if abs(roll) > 135 else "by 90° anticlockwise" if roll > 0 else "by 90° clockwise"
    return NoFace(
        f"the face in {picture.name} lies {turn}", f"it is rolled by {roll:+.0f}°", f"Rotate the photo {mend}"
    )


def _lying_photo(picture: Picture, rgb: Rgb, search: TileSearch, closer: FaceLandmarker) -> NoFace | None:
    """The error for a photo, shrunk or not, that shows a face only when it is turned."""
    small = shrunk(rgb, _LYING_PIXELS / max(rgb.shape))
    for quarter_turns, roll in ((1, 90.0), (3, -90.0), (2, 180.0)):
        turned = np.ascontiguousarray(np.rot90(small, quarter_turns))
        for found in _find_all(turned, search, closer, wanted=1, levels=2):
            if abs(yaw_and_roll(found)[1]) < _UPRIGHT_ROLL:
                return _lying(picture, roll)
    return None


def _notes(faces: list[FaceLandmarks], index: int, picture: Picture, asked: bool) -> Iterator[str]:
    face = faces[index - 1]
    if len(faces) > 1:
        which = "largest, " if index == 1 else ""
        hint = "" if asked else ". Pick another with --face N"
        yield f"{len(faces)} faces found; using {index} ({which}{_place(face, picture)}){hint}"
    yaw, _ = yaw_and_roll(face)
    if abs(yaw) > _WIDE_YAW:
        yield f"The face is turned {abs(yaw):.0f}° to the side; a photo from the front will look better"
    if edges := _cut_off(face, picture):
        where = " and the ".join(edges)
        yield f"The face is cut off at the {where} of the photo; one that shows the whole head will look better"


def _cut_off(face: FaceLandmarks, picture: Picture) -> list[str]:
    """The edges of the photo that the face lies beyond."""
    left, top, right, bottom = face.box
    beyond = {"left": -left, "right": right - picture.width, "top": -top, "bottom": bottom - picture.height}
    return [edge for edge, pixels in beyond.items() if pixels > _CUT_OFF * face_height(face)]


def _place(face: FaceLandmarks, picture: Picture) -> str:
    """Where in the photo, in words."""
    x, y = _centre(face) / (picture.width, picture.height)
    column = "left" if x < 1 / 3 else "right" if x > 2 / 3 else "centre"
    if column == "centre":
        column = "centre-left" if x < 0.45 else "centre-right" if x > 0.55 else "centre"
    row = "top " if y < 1 / 3 else "bottom " if y > 2 / 3 else ""
    return f"{row}{column}"
