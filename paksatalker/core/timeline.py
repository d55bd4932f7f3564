"""The nouns that travel between the layers: plain frozen dataclasses over numpy.

One audio clock times everything. Times are seconds on that clock, float64; frame ``k`` of a track shows the state at
``k / fps``. A long piece of work travels as a sequence of small pieces (one utterance each); each piece carries its own
position on the clock, so nothing is accumulated and nothing drifts.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

#: The 52 face coefficients of Apple's ARKit, in the order of :attr:`FaceTrack.coefficients`.
ARKIT_NAMES: tuple[str, ...] = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
ARKIT_INDEX: dict[str, int] = {name: index for index, name in enumerate(ARKIT_NAMES)}

#: ARPAbet without stress marks, as CMUdict and pocketsphinx spell it; ``SIL`` is silence.
ARPABET: tuple[str, ...] = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K",
    "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH", "SIL",
)  # fmt: skip

EMOTIONS: tuple[str, ...] = (
    "neutral", "happy", "sad", "angry", "surprised", "fearful", "disgusted", "calm", "excited",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phone:
    """One speech sound: an ARPAbet symbol without stress, its span in seconds, and its stress (0, 1 or 2)."""

    symbol: str
    start: float
    end: float
    stress: int = 0


@dataclass(frozen=True, slots=True)
class Word:
    """One written word with its span in seconds and the phones that realise it.

    ``emphasised`` says that the script stresses it.
    """

    text: str
    start: float
    end: float
    phones: tuple[Phone, ...] = ()
    emphasised: bool = False


#: What a :class:`StageCue` can ask for.
CUE_KINDS: tuple[str, ...] = ("gesture", "camera", "mark", "scene")


@dataclass(frozen=True, slots=True, order=True)
class StageCue:
    """Something that happens at a place in an utterance.

    Attributes:
        at: Index of the character of the utterance's text before which it happens.
        kind: One of :data:`CUE_KINDS`.
        value: Which gesture, which camera, the title of the scene, the name of the mark.
    """

    at: int
    kind: str
    value: str


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """How a part of an utterance is pronounced.

    Attributes:
        start: Index of its first character in the utterance's text.
        end: One past its last character.
        spoken: What is said instead: ordinary spelling, or IPA without slashes.
        ipa: Whether ``spoken`` is IPA.
    """

    start: int
    end: int
    spoken: str
    ipa: bool = False


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence of the script with the direction for saying it.

    Attributes:
        text: What is said, as written. Empty for a pause alone.
        emotion: One of :data:`EMOTIONS`.
        intensity: How strongly the emotion shows, 0–1.
        pause_after: Silence after it, seconds.
        speaker: Who says it; empty for the only speaker.
        voice: Name of the voice that says it; empty for the one that was chosen for all.
        rate: Factor of the speaking rate, 0.5–2.
        pitch: Semitones above the voice's own pitch.
        volume: Decibels above the voice's own level.
        emphasis: Stressed parts of the text, as character spans ``(start, end)`` in order, not overlapping.
        readings: Parts that are pronounced in their own way, in order, not overlapping.
        cues: What happens meanwhile, in order.
        language: What it is written in, a BCP-47 primary tag such as ``en`` or ``hi``; empty where nobody has judged.
    """

    text: str
    emotion: str = "neutral"
    intensity: float = 1.0
    pause_after: float = 0.0
    speaker: str = ""
    voice: str = ""
    rate: float = 1.0
    pitch: float = 0.0
    volume: float = 0.0
    emphasis: tuple[tuple[int, int], ...] = ()
    readings: tuple[Reading, ...] = ()
    cues: tuple[StageCue, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Prosody:
    """How it is said, sampled on the grid ``k / rate`` of the audio clock.

    Value ``i`` is the state at ``(first + i) / rate``, where ``first`` is the first grid point in the piece
    (:func:`frame_span`), so that the rows of successive pieces are the frames of the video, each once.

    Attributes:
        rate: Samples a second.
        f0: Fundamental frequency [T], Hz, 0 where unvoiced.
        energy: Loudness [T], 0 (noise floor) to about 1 (the loud parts of this speaker).
        voiced: Voicing [T].
        accent: Prominence of pitch accents [T], 0–1, peaks on accented syllables.
        pauses: Spans without speech, seconds on the audio clock, in order.
    """

    rate: float
    f0: FloatArray
    energy: FloatArray
    voiced: BoolArray
    accent: FloatArray
    pauses: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if len({len(self.f0), len(self.energy), len(self.voiced), len(self.accent)}) != 1:
            raise ValueError("prosody tracks differ in length")


@dataclass(frozen=True, slots=True)
class Speech:
    """A piece of speech, usually one utterance: sound and what is said when.

    Attributes:
        samples: Mono waveform float32 [N], −1 to 1.
        sample_rate: Hz.
        start: Where the first sample lies on the audio clock, seconds.
        words: Words with absolute times, in order.
        text: What is said, as written; may be empty for a recording without transcript.
        prosody: Analysis of this piece, or None before it is made.
        emotion: Direction carried over from the utterance.
        intensity: 0–1.
    """

    samples: FloatArray
    sample_rate: int
    start: float = 0.0
    words: tuple[Word, ...] = ()
    text: str = ""
    prosody: Prosody | None = None
    emotion: str = "neutral"
    intensity: float = 1.0

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def end(self) -> float:
        """Where the piece ends on the audio clock, seconds."""
        return self.start + self.duration

    @property
    def phones(self) -> tuple[Phone, ...]:
        """All phones in order."""
        return tuple(phone for word in self.words for phone in word.phones)

    def shifted(self, seconds: float) -> Self:
        """The same piece moved along the clock, words and pauses with it."""
        words = tuple(
            replace(
                word,
                start=word.start + seconds,
                end=word.end + seconds,
                phones=tuple(replace(p, start=p.start + seconds, end=p.end + seconds) for p in word.phones),
            )
            for word in self.words
        )
        prosody = self.prosody and replace(
            self.prosody, pauses=tuple((a + seconds, b + seconds) for a, b in self.prosody.pauses)
        )
        return replace(self, start=self.start + seconds, words=words, prosody=prosody)


def frame_span(start: float, end: float, fps: float) -> tuple[int, int]:
    """Frames whose instant ``k / fps`` lies in ``[start, end)``: first and one past the last.

    Neighbouring spans never share a frame nor leave one out, whatever the rounding, because both use the same border.
    """
    border = 1e-6  # seconds; a sum of sample counts can land a hair beside a frame's instant
    return math.ceil((start - border) * fps), math.ceil((end - border) * fps)


def _zeros(*shape: int) -> FloatArray:
    return np.zeros(shape, np.float32)


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """What the face does, frame by frame. Row ``i`` is frame ``first_frame + i``, at ``(first_frame + i) / fps``.

    Left and right are the person's own, as ARKit has them.

    Attributes:
        fps: Frames a second.
        coefficients: ARKit-52 [T, 52] in :data:`ARKIT_NAMES` order, 0–1 (small overshoot allowed).
        head_rotation: [T, 3] yaw, pitch, roll in degrees relative to the source pose: +yaw turns the face to the
            image's right, +pitch nods down, +roll tilts clockwise as seen by the viewer.
        head_translation: [T, 3] right, down, and log scale (towards the camera); the first two in eye distances.
        gaze: [T, 2] eye rotation in degrees relative to the source: right and down as seen by the viewer.
        seal: [T] 0–1: 1 presses the lips together whatever the jaw does (m, b, p).
        tongue: [T] 0–1: tongue tip raised to the teeth.
        activity: [T] 0–1: how far the mouth is taken over from the photo's own expression: 0 before all speech,
            then 1.
        breath: [T] −1 to 1: chest and shoulders, exhaled to inhaled.
        first_frame: Index of row 0 on the video's clock.
    """

    fps: float
    coefficients: FloatArray
    head_rotation: FloatArray
    head_translation: FloatArray
    gaze: FloatArray
    seal: FloatArray
    tongue: FloatArray
    activity: FloatArray
    breath: FloatArray
    first_frame: int = 0

    _ROWS: ClassVar[tuple[str, ...]] = (
        "coefficients",
        "head_rotation",
        "head_translation",
        "gaze",
        "seal",
        "tongue",
        "activity",
        "breath",
    )

    def __post_init__(self) -> None:
        for name in self._ROWS:
            if len(getattr(self, name)) != len(self.coefficients):
                raise ValueError(f"{name} has {len(getattr(self, name))} rows, not {len(self.coefficients)}")
        if self.coefficients.shape[1:] != (len(ARKIT_NAMES),):
            raise ValueError(f"coefficients have shape {self.coefficients.shape}, not [T, {len(ARKIT_NAMES)}]")

    def __len__(self) -> int:
        return len(self.coefficients)

    def __getitem__(self, rows: slice) -> FaceTrack:
        """A contiguous run of frames; views, not copies."""
        first, _, step = rows.indices(len(self))
        if step != 1:
            raise ValueError("a track can only be cut into contiguous runs")
        return replace(self, first_frame=self.first_frame + first, **{n: getattr(self, n)[rows] for n in self._ROWS})

    @classmethod
    def rest(cls, frames: int, fps: float, first_frame: int = 0) -> FaceTrack:
        """A face that does nothing for ``frames`` frames: every track zero."""
        return cls(
            fps=fps,
            coefficients=_zeros(frames, len(ARKIT_NAMES)),
            head_rotation=_zeros(frames, 3),
            head_translation=_zeros(frames, 3),
            gaze=_zeros(frames, 2),
            seal=_zeros(frames),
            tongue=_zeros(frames),
            activity=_zeros(frames),
            breath=_zeros(frames),
            first_frame=first_frame,
        )

    @classmethod
    def concatenate(cls, tracks: Sequence[FaceTrack]) -> FaceTrack:
        """Joins neighbouring pieces into one. For tests and short clips; long work stays in pieces."""
        for before, after in itertools.pairwise(tracks):
            if after.first_frame != before.first_frame + len(before) or after.fps != before.fps:
                raise ValueError("pieces are not neighbours")
        rows: dict[str, Any] = {n: np.concatenate([getattr(t, n) for t in tracks]) for n in cls._ROWS}
        return replace(tracks[0], **rows)

    def coefficient(self, name: str) -> FloatArray:
        """One coefficient over time [T], by its ARKit name."""
        return self.coefficients[:, ARKIT_INDEX[name]]

    def save(self, path: Path) -> None:
        """Writes the track as a compressed ``.npz`` of plain arrays (no pickle)."""
        arrays: dict[str, Any] = {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> FaceTrack:
        """Reads what :meth:`save` wrote. Pickled arrays are refused."""
        with np.load(path, allow_pickle=False) as data:
            rows: dict[str, Any] = {name: data[name].astype(np.float32) for name in cls._ROWS}
            return cls(fps=float(data["fps"]), first_frame=int(data["first_frame"]), **rows)


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One finished frame and the sound that belongs to its time.

    Attributes:
        index: Frame number; shown from ``index / fps`` to ``(index + 1) / fps``.
        image: uint8 [H, W, 3] RGB, or [H, W, 4] RGBA with straight alpha.
        audio: float32 [M] mono samples of that span; their concatenation is the whole sound track.
        sample_rate: Of ``audio``, Hz.
    """

    index: int
    image: npt.NDArray[np.uint8]
    audio: FloatArray = field(default_factory=lambda: _zeros(0))
    sample_rate: int = 24000
