"""Everything that can be measured about one video, each with its target, in one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from paksatalker.core.animation.coarticulation import intended_opening
from paksatalker.core.timeline import FloatArray
from paksatalker.evaluation import lips
from paksatalker.evaluation.background import background_change
from paksatalker.evaluation.eyes import blinks
from paksatalker.evaluation.geometry import Array
from paksatalker.evaluation.head import head_motion
from paksatalker.evaluation.identity import rest_frames, shape_difference
from paksatalker.evaluation.measure import Measure
from paksatalker.evaluation.sync import read_sync
from paksatalker.evaluation.tracking import FaceMotion, track_image, track_video
from paksatalker.evaluation.transcript import Timeline
from paksatalker.models.base import WeightsStore


@dataclass(frozen=True, slots=True)
class Report:
    """The measures of one video.

    Attributes:
        video: Name of the file.
        frames: How many were looked at.
        seconds: Their duration.
        measures: Every number beside its target.
        details: What the numbers were made from, plain data: the blinks, the pauses, the closures that were missed.
    """

    video: str
    frames: int
    seconds: float
    measures: tuple[Measure, ...]
    details: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Measure:
        """A measure by its name.

        Raises:
            KeyError: There is none.
        """
        for measure in self.measures:
            if measure.name == name:
                return measure
        raise KeyError(name)

    @property
    def passed(self) -> bool:
        """Whether every required target that could be measured is met."""
        return not any(measure.missed for measure in self.measures)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "video": self.video,
            "frames": self.frames,
            "seconds": self.seconds,
            "passed": self.passed,
            "measures": [m.to_dict() for m in self.measures],
            "details": self.details,
        }


def score(
    video: Path,
    store: WeightsStore | None = None,
    *,
    timeline: Timeline | None = None,
    intended: FloatArray | Array | None = None,
    photo: Path | None = None,
    max_frames: int | None = None,
    motion: FaceMotion | None = None,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Scores a talking video.

    Args:
        video: A local file.
        store: Where the models lie; the user's store when None.
        timeline: What is said when; without it the measures of lip sync and pauses have no value.
        intended: The opening that was meant, one value a frame in any unit; what careful articulation of the timeline's
            phones asks for when None.
        photo: The photo it was made from; without it identity has no value.
        max_frames: How many frames are looked at; all when None.
        motion: The tracked video, where it is already there.
        progress: Called with the number of frames tracked so far.

    Raises:
        VideoUnreadable: The video cannot be decoded or shows no face.
        ImageUnreadable: The photo is not an image.
        NoFace: The photo shows no face.
        WeightsMissing: A model is not in the store.
    """
    store = store or WeightsStore()
    source = track_image(photo, store) if photo else None
    motion = motion or track_video(video, store, max_frames, progress=progress)
    change = background_change(video, store, max_frames)
    details: dict[str, Any] = {}
    measures = (
        Measure("face found", float(motion.ok.mean())),
        *_lip_sync(motion, timeline, intended),
        *_closures(motion, timeline, details),
        _pauses(motion, timeline, source, details),
        *_opening(motion),
        *_blinks(motion, details),
        *_head(motion),
        Measure("background change", change.largest, "steps", f"mean {change.mean:.2f}, judged {change.share:.0%}")
        if change
        else Measure("background change", None, "steps", "the person fills the picture"),
        _identity(motion, timeline, source),
        *_sync(video),
    )
    return Report(video.name, len(motion), motion.duration, measures, details)


def _lip_sync(motion: FaceMotion, timeline: Timeline | None, intended: FloatArray | Array | None) -> Iterator[Measure]:
    gap = lips.opening(motion)
    name = "lip sync r"
    if intended is None and timeline is not None and timeline.phones:
        intended = _intended(timeline, motion)
    if intended is None:
        yield Measure(name, None, note="no phones are known: give a timeline")
    else:
        rows = min(len(gap), len(intended))
        found = lips.opening_correlation(gap[:rows], intended[:rows].astype(float), motion.fps)
        yield Measure(name, found.r, note=f"best {found.best_r:.2f} at {found.best_lag * 1000:+.0f} ms")
    if timeline is None or not timeline.phones:
        yield Measure("lip sync r, by phones alone", None, note="no phones are known: give a timeline")
        return
    expected = lips.phone_openness(timeline.phones, motion.times)
    found = lips.opening_correlation(gap, expected, motion.fps)
    yield Measure(
        "lip sync r, by phones alone", found.r, note=f"best {found.best_r:.2f} at {found.best_lag * 1000:+.0f} ms"
    )


def _intended(timeline: Timeline, motion: FaceMotion) -> Array:
    """The opening that careful articulation of the phones asks for, at the frames' times."""
    rate = 100.0
    dense = intended_opening(timeline.phones, rate, int(np.ceil(motion.times.max() * rate)) + 2)
    return np.interp(motion.times, np.arange(len(dense)) / rate, dense)


def _closures(motion: FaceMotion, timeline: Timeline | None, details: dict[str, Any]) -> Iterator[Measure]:
    if timeline is None or not timeline.phones:
        yield Measure("lips closed on m, b, p", None, note="no phones are known: give a timeline")
        return
    found = lips.closures(motion, timeline.phones)
    if not found:
        yield Measure("lips closed on m, b, p", None, note="the text has no m, b or p")
        return
    missed = [c for c in found if not c.closed]
    details["closures missed"] = [
        {"phone": c.phone.symbol, "start": c.phone.start, "end": c.phone.end, "smallest": c.smallest} for c in missed
    ]
    yield Measure(
        "lips closed on m, b, p",
        1 - len(missed) / len(found),
        note=f"{len(found) - len(missed)} of {len(found)}, widest {max(c.smallest for c in found):.3f}",
    )


def _pauses(
    motion: FaceMotion, timeline: Timeline | None, source: FaceMotion | None, details: dict[str, Any]
) -> Measure:
    """Rest is what the mouth does in most pauses: a smiling photo may well rest with closed lips between words."""
    name, unit = "pause deviation", "eye distances"
    if timeline is None:
        return Measure(name, None, unit, "no pauses are known: give a timeline")
    still = lips.silence_stillness(motion, timeline.pauses)
    if still is None:
        return Measure(name, None, unit, "no pause is longer than 300 ms")
    details["pauses"] = asdict(still)
    photo = f" (photo {float(lips.opening(source)[0]):.3f})" if source else ""
    return Measure(
        name, still.largest, unit, f"rest {still.rest:.3f}{photo}, worst at {still.at:.2f} s, {still.pauses} pauses"
    )


def _opening(motion: FaceMotion) -> Iterator[Measure]:
    found = lips.opening_statistics(motion)
    yield Measure("opening mean", found.mean, "eye distances")
    yield Measure("opening sd", found.sd, "eye distances")
    yield Measure("opening 95th percentile", found.p95, "eye distances")
    yield Measure("openings", found.per_second, "per second")


def _blinks(motion: FaceMotion, details: dict[str, Any]) -> Iterator[Measure]:
    found = blinks(motion)
    details["blinks"] = [asdict(blink) for blink in found.blinks]
    note = "" if found.blinks else "no blink was found"
    if motion.duration < 5:
        note = "the video is too short to count blinks"
        yield Measure("blinks", None, "per minute", note)
    else:
        yield Measure("blinks", found.per_minute, "per minute", f"{len(found.blinks)} in {found.seconds:.1f} s")
    yield Measure("blink duration", found.duration, "s", note)
    yield Measure("blink completeness", found.completeness, "", note)


def _head(motion: FaceMotion) -> Iterator[Measure]:
    names = ("yaw sd", "pitch sd", "roll sd")
    if motion.ok.sum() < 2:
        for name in (*names, "head speed"):
            yield Measure(name, None, "degrees", "fewer than two frames show a face")
        return
    found = head_motion(motion)
    for name, sd, reach in zip(names, found.sd, found.range, strict=True):
        yield Measure(name, sd, "degrees", f"range {reach:.1f}")
    note = f"jerk {found.jerk:.0f} degrees/s³" if found.jerk is not None else ""
    yield Measure("head speed", found.speed, "degrees/s", note)


def _identity(motion: FaceMotion, timeline: Timeline | None, source: FaceMotion | None) -> Measure:
    name, unit = "identity difference", "eye distances"
    if source is None:
        return Measure(name, None, unit, "no photo to compare with")
    span = (timeline.phones[0].start, timeline.phones[-1].end) if timeline and timeline.phones else None
    found = shape_difference(motion, source, rest_frames(motion, span))
    return Measure(name, found.mean, unit, f"largest {found.largest:.3f}, {found.frames} frames at rest")


def _sync(video: Path) -> Iterator[Measure]:
    found = read_sync(video)
    offset = found.offset_end
    yield Measure(
        "A/V offset at the end",
        None if offset is None else offset * found.fps,
        "frames",
        "the video has no sound" if offset is None else f"{offset * 1000:+.1f} ms",
    )
    yield Measure("frame timing error", found.irregular * found.fps, "frames")
