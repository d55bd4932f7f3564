"""Text into sound and face, in chunks that can be shown while the rest is made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from paksatalker.core.request import SpeechRequest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from paksatalker.core.pipeline import Pipeline
    from paksatalker.core.soundtrack import SoundTrack
    from paksatalker.core.timeline import FaceTrack, Speech, Word

_FRAMES = 10  # of a chunk: 0.4 s at 25 frames a second


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some frames with their sound.

    Attributes:
        first_frame: Index of the first frame, from the start of the utterance.
        coefficients: ARKit-52 [T][52] in :data:`~paksatalker.core.timeline.ARKIT_NAMES` order, 0–1.
        head: [T][3] yaw, pitch and roll, degrees.
        gaze: [T][2] right and down, degrees.
        words: Those that begin in it: text, start and end in seconds from the start of the utterance.
        pcm: 16 bits, little-endian, mono; exactly as long as the frames.
        sample_rate: Of it, Hz.
        seconds: How long it is.
    """

    first_frame: int
    coefficients: list[list[float]]
    head: list[list[float]]
    gaze: list[list[float]]
    words: list[dict[str, Any]]
    pcm: bytes
    sample_rate: int
    seconds: float

    def shifted(self, frames: int, fps: float) -> Chunk:
        """The same after so many frames."""
        seconds = frames / fps
        words = [w | {"start": round(w["start"] + seconds, 3), "end": round(w["end"] + seconds, 3)} for w in self.words]
        return replace(self, first_frame=self.first_frame + frames, words=words)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of speech that is to be shown.

    Attributes:
        speech: With prosody.
        sound: Its sound, int16 [N] at the rate that was asked for.
        words: Those in it: text, start and end in seconds from the start of the utterance.
    """

    speech: Speech
    sound: npt.NDArray[np.int16]
    words: list[dict[str, Any]]


def spoken(
    pipeline: Pipeline, request: SpeechRequest, fps: float, rate: int, cancel: threading.Event
) -> Iterator[Piece]:
    """Speaks a text, for a face that is animated elsewhere.

    Args:
        pipeline: Speaks.
        request: What.
        fps: Frames a second, of the prosody.
        rate: Of the sound, Hz.
        cancel: Set when it is not wanted any more.

    Yields:
        Neighbouring pieces.
    """
    import soxr

    from paksatalker.core.audio.mono_encoder import to_pcm
    from paksatalker.core.audio.prosody import attach_prosody

    source = pipeline.speech(request, cancel)
    for speech in attach_prosody(source.pieces(), fps):
        if cancel.is_set():
            return
        sound = speech.samples
        if speech.sample_rate != rate:
            sound = soxr.resample(sound, speech.sample_rate, rate)
        yield Piece(speech, to_pcm(sound), [_told(word) for word in speech.words])


def talked(pipeline: Pipeline, request: SpeechRequest, fps: float, cancel: threading.Event) -> Iterator[Chunk]:
    """Speaks a text and animates the face to it.

    Args:
        pipeline: Speaks.
        request: What.
        fps: Frames a second.
        cancel: Set when it is not wanted any more.

    Yields:
        Neighbouring chunks.
    """
    from paksatalker.core.audio.prosody import attach_prosody
    from paksatalker.core.engines import find
    from paksatalker.core.soundtrack import SoundTrack

    sound = SoundTrack(fps)
    words: list[Word] = []
    source = pipeline.speech(request, cancel)

    def heard() -> Iterator[Speech]:
        for piece in source.pieces():
            if cancel.is_set():
                return
            sound.add(piece)
            words.extend(piece.words)
            yield piece

    animator = find("face", "rules").create(
        fps=fps, seed=request.seed, expression_scale=1.0, head_motion=1.0, pose_style=0, still=False
    )
    for track in animator.animate(attach_prosody(heard(), fps)):
        for start in range(0, len(track.coefficients), _FRAMES):
            if cancel.is_set():
                return
            yield chunk_of(track[start : start + _FRAMES], sound, words)


def _told(word: Word) -> dict[str, Any]:
    return {"text": word.text, "start": round(word.start, 3), "end": round(word.end, 3)}


def chunk_of(track: FaceTrack, sound: SoundTrack, words: list[Word]) -> Chunk:
    """Frames with their sound.

    Args:
        track: The frames.
        sound: Has the sound from their first one on.
        words: That are said from then on; those that begin in the frames are taken out.
    """
    from paksatalker.core.audio.mono_encoder import to_pcm

    end = track.first_frame + len(track)
    samples = sound.take(end - 1)
    said = []
    while words and words[0].start < end / track.fps:
        said.append(_told(words.pop(0)))
    return Chunk(
        first_frame=track.first_frame,
        coefficients=track.coefficients.round(4).tolist(),
        head=track.head_rotation.round(3).tolist(),
        gaze=track.gaze.round(3).tolist(),
        words=said,
        pcm=to_pcm(samples).astype("<i2").tobytes(),
        sample_rate=sound.sample_rate,
        seconds=len(track) / track.fps,
    )
