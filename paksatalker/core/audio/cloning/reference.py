"""Recordings of the speaker whom a voice is to resemble: their speech, and whether they are fit for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import soxr

from paksatalker.core.audio.decode import AudioReader
from paksatalker.core.audio.pitch import PITCH_RATE, PitchTracker
from paksatalker.core.audio.quality import Quality, QualityMeter
from paksatalker.core.audio.recordings.recording import cut_at_pauses
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import AudioSilent, InvalidOption, ReferenceUnsuitable

if TYPE_CHECKING:
    from paksatalker.models.speakers import CamPlusPlus, Ge2e

#: Hz of the speech that is kept.
RATE = 24000
#: Speech that is needed, seconds.
LEAST_SPEECH = 5.0
#: Speech that is listened to; more brings nothing.
MOST_SPEECH = 60.0

_LONGEST_FILE = 600.0  # seconds
_MOST_FILES = 50
_LEAST_SNR, _GOOD_SNR = 10.0, 20.0  # dB: refused below, warned of below
_MOST_CLIPPED = 0.01  # share of the samples
# Two speakers, measured in docs/cloning.md: the two groups of windows that differ most are less alike than this for the
# network that divides them (GE2E), and than that for another (CAM++), which hears each as a whole.
_DIVIDED, _SAME_SPEAKER, _SAME_SHORT = 0.90, 0.50, 0.40
_SHORT = 3.0  # seconds of the smaller group, below which the last number counts
_SMALLER_GROUP = 0.15  # share of the windows that a second speaker has at least
_HOP, _WINDOW = 9600, 25600  # samples of 16 kHz between two windows of GE2E, and in one


@dataclass(frozen=True, slots=True)
class SpeakerReference:
    """What the recordings hold.

    Attributes:
        speech: Without pauses, at 24 kHz [N].
        speech_16k: The same at 16 kHz.
        f0: Median pitch, Hz.
        quality: Of all recordings together.
        notes: What could be better, one sentence each.
    """

    speech: FloatArray
    speech_16k: FloatArray
    f0: float
    quality: Quality
    notes: tuple[str, ...]


def read_references(paths: list[Path], encoder: Ge2e, judge: CamPlusPlus) -> SpeakerReference:
    """Reads and checks recordings of one speaker.

    Args:
        paths: The recordings.
        encoder: What tells speakers apart.
        judge: What has to agree that there are several.

    Raises:
        AudioUnreadable: One of them is missing, corrupt or has no sound.
        AudioTooLong: One is longer than 10 minutes.
        ReferenceUnsuitable: They hold too little speech, too much noise or clipping, or several speakers.
        InvalidOption: There are none, or too many.
    """
    if not 1 <= len(paths) <= _MOST_FILES:
        raise InvalidOption(f"{len(paths)} recordings were given", f"1 to {_MOST_FILES} are taken", "Give a few")
    meter = QualityMeter()
    parts: list[FloatArray] = []
    for path in paths:
        parts += _speech_of(path, meter)
    speech = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    quality = meter.result()
    _check(quality)
    speech = speech[: round(MOST_SPEECH * RATE)]
    low = soxr.resample(speech, RATE, PITCH_RATE).astype(np.float32)
    pitch = PitchTracker().track(low)
    voiced = pitch[pitch > 0]
    if not len(voiced):
        raise ReferenceUnsuitable("the recordings cannot be a reference", "nothing in them is voiced", _again())
    _check_one_speaker(low, encoder, judge)
    return SpeakerReference(speech, low, float(np.median(voiced)), quality, _notes(quality))


def _speech_of(path: Path, meter: QualityMeter) -> list[FloatArray]:
    found = []
    try:
        for cut in cut_at_pauses(AudioReader(path, RATE, _LONGEST_FILE)):
            meter.add(cut.samples, cut.sample_rate, cut.speech)
            found += [cut.samples[round(a * RATE) : round(b * RATE)] for a, b in cut.speech]
    except AudioSilent as error:
        why = f"nobody speaks in {path}: it holds silence, noise or music"
        raise ReferenceUnsuitable("the recording cannot be a reference", why, _again()) from error
    return found


def _check(quality: Quality) -> None:
    what = "the recordings cannot be a reference"
    if quality.speech < LEAST_SPEECH:
        why = f"they hold {quality.speech:.1f} s of speech, and {LEAST_SPEECH:.0f} s are needed"
        raise ReferenceUnsuitable(what, why, "Give longer recordings, or more of them; 20 s are better")
    if quality.snr_db is not None and quality.snr_db < _LEAST_SNR:
        why = f"the speech is only {quality.snr_db:.0f} dB above the noise, and {_LEAST_SNR:.0f} dB are needed"
        raise ReferenceUnsuitable(what, why, _again())
    if quality.clipped > _MOST_CLIPPED:
        why = f"{100 * quality.clipped:.1f}% of the samples are at full scale (clipped)"
        raise ReferenceUnsuitable(what, why, "Record again with less gain")


def _again() -> str:
    return "Record again in a quiet room, close to the microphone, with nothing but the voice"


def _notes(quality: Quality) -> tuple[str, ...]:
    notes = list(quality.notes())
    if quality.snr_db is not None and quality.snr_db < _GOOD_SNR and not any("noisy" in note for note in notes):
        notes.append(f"the speech is {quality.snr_db:.0f} dB above the noise; {_GOOD_SNR:.0f} dB would be better")
    if quality.narrow:
        notes.append("a voice matched to a telephone recording is a guess above its band")
    if quality.speech < 2 * LEAST_SPEECH:
        notes.append(f"there are {quality.speech:.1f} s of speech; 20 s or more give a closer match")
    return tuple(notes)


def _check_one_speaker(samples: FloatArray, encoder: Ge2e, judge: CamPlusPlus) -> None:
    import torch

    with torch.no_grad():
        windows = encoder.windows(torch.from_numpy(samples)).numpy()
    likeness, belongs = two_groups(windows)
    share = min(float(belongs.mean()), 1 - float(belongs.mean()))
    if likeness >= _DIVIDED or share < _SMALLER_GROUP:
        return
    groups = group_sounds(samples, belongs)
    one, other = (judge.embed(torch.from_numpy(group)).numpy() for group in groups)
    alike = float(one @ other)
    if alike < (_SAME_SPEAKER if min(map(len, groups)) >= _SHORT * PITCH_RATE else _SAME_SHORT):
        raise ReferenceUnsuitable(
            "the recordings cannot be a reference",
            f"they hold two speakers: a part of {100 * share:.0f}% is only {max(0.0, alike):.2f} alike the rest "
            f"(one speaker: {_SAME_SPEAKER:.2f} or more)",
            "Give recordings in which one person speaks, and cut the others out",
        )


def group_sounds(samples: FloatArray, belongs: npt.NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """The sound of two groups of windows: what is nearest to the middle of each window."""
    borders = np.arange(1, len(belongs)) * _HOP + (_WINDOW - _HOP) // 2
    stretches = np.split(samples, borders[borders < len(samples)])
    owners = belongs[: len(stretches)]
    first, second = (
        np.concatenate([part for part, owner in zip(stretches, owners, strict=True) if owner == group])
        for group in (False, True)
    )
    return first, second


def two_groups(windows: npt.NDArray[np.float32]) -> tuple[float, npt.NDArray[np.bool_]]:
    """Divides unit vectors [W, D] into the two groups that differ most.

    Returns:
        Cosine between the means of the groups, and which windows are in the second. All are in the first where there
        are no two.
    """
    one = 1.0, np.zeros(len(windows), np.bool_)
    if len(windows) < 2:
        return one
    alike = windows @ windows.T
    first, second = np.unravel_index(int(alike.argmin()), alike.shape)
    centres = windows[[first, second]]
    belongs = one[1]
    for _ in range(20):
        belongs = (windows @ centres.T).argmax(1) == 1
        if not 0 < belongs.sum() < len(windows):
            return one
        moved = np.stack([windows[belongs == group].mean(0) for group in (False, True)])
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        if np.allclose(moved, centres):
            break
        centres = moved
    return float(centres[0] @ centres[1]), belongs
