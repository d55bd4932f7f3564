"""Voices that XTTS clones from recordings: the recordings, kept beside the speaker's consent.

XTTS has no fitting: it listens to the recordings each time before it speaks. So a voice is a copy of them, as checked
and without pauses, and a record of consent without which it does not speak.
"""

from __future__ import annotations

import hashlib
import json
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paksatalker.core.audio.cloning.consent import Consent, consent_path, require_consent, write_consent
from paksatalker.core.audio.cloning.match import ENCODERS, require_torch
from paksatalker.core.audio.cloning.reference import RATE, SpeakerReference, read_references
from paksatalker.core.audio.voice_folder import VoiceFolder
from paksatalker.core.files import TextFile, write_error
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import InvalidOption, OutputUnwritable, UnknownVoice
from paksatalker.models.base import WeightsStore

_FORMAT = 1
_FOLDER = "xtts"


@dataclass(frozen=True, slots=True)
class ClonedVoice:
    """A voice that XTTS speaks with.

    Attributes:
        name: What it is called.
        recording: What XTTS listens to before it speaks.
    """

    name: str
    recording: Path


def read_speaker(recordings: list[Path], store: WeightsStore | None = None) -> SpeakerReference:
    """Reads and checks the recordings of a speaker; needs the encoders that tell speakers apart.

    Raises:
        EngineUnavailable: PyTorch is not installed.
        WeightsMissing: The encoders have not been downloaded.
        PaksaTalkerError: As :func:`~paksatalker.core.audio.cloning.reference.read_references` has them.
    """
    require_torch()
    store = store or WeightsStore()
    paths = {name: store.path(ENCODERS, name) for name in ("ge2e.pt", "campplus.pt")}
    from paksatalker.models.speakers import CamPlusPlus, Ge2e

    return read_references(recordings, Ge2e(paths["ge2e.pt"]), CamPlusPlus(paths["campplus.pt"]))


class XttsVoices(VoiceFolder):
    """Cloned voices under names of the user's own, in a folder beside the mixtures.

    Args:
        voices: The folder of all voices of one's own; it need not exist yet.
    """

    def __init__(self, voices: Path) -> None:
        super().__init__(voices / _FOLDER)

    def load(self, name: str) -> ClonedVoice | None:
        """The voice of a name; None if there is none.

        Raises:
            InvalidOption: Its files cannot be read, or are not those that were saved.
            ConsentMissing: The record of the speaker's consent is missing or was changed.
        """
        if name not in self.names():
            return None
        path, recording = self._paths(name)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise ValueError("it was written by another version")
            consent_hash, sound_hash = str(content["consent_sha256"]), str(content["recording_sha256"])
            if hashlib.sha256(recording.read_bytes()).hexdigest() != sound_hash:
                raise ValueError("its recording was changed")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidOption(f"the voice '{name}' cannot be read", f"{path}: {error}", "Clone it again") from error
        require_consent(path, consent_hash)
        return ClonedVoice(name, recording)

    def save(self, name: str, speech: FloatArray, consent: Consent) -> Path:
        """Saves a voice.

        Args:
            name: As :meth:`check_name` takes it.
            speech: The speaker, at 24 kHz, −1 to 1.
            consent: The speaker's; its record is stored beside the voice.

        Returns:
            The file.

        Raises:
            InvalidOption: The name cannot be used.
            OutputUnwritable: A file cannot be written.
            DiskFull: There is no room for it.
        """
        path = self.check_name(name)
        recording = self._paths(name)[1]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_wave(recording, speech)
        except OSError as error:
            why = error.strerror or str(error)
            raise write_error(error, recording) or OutputUnwritable(f"cannot write {recording}", why) from error
        content = {
            "format": _FORMAT,
            "engine": "coqui",
            "model": "xtts",
            "recording_sha256": hashlib.sha256(recording.read_bytes()).hexdigest(),
            "consent_sha256": write_consent(path, consent),
        }
        with TextFile(path) as file:
            file.write(json.dumps(content, indent=2) + "\n")
        return path

    def file(self, name: str) -> Path:
        """The file of a saved voice.

        Raises:
            UnknownVoice: There is none of this name.
        """
        if name not in self.names():
            raise UnknownVoice(f"there is no cloned voice '{name}'", fix="See: paksatalker voices")
        return self._paths(name)[0]

    def remove(self, name: str) -> None:
        """Removes a voice: its recording and the record of consent, too.

        Raises:
            UnknownVoice: There is none of this name.
            OutputUnwritable: A file cannot be removed.
        """
        path = self.file(name)
        try:
            self._paths(name)[1].unlink(missing_ok=True)
            path.unlink()
            consent_path(path).unlink(missing_ok=True)
        except OSError as error:
            raise OutputUnwritable(f"cannot remove {path}", error.strerror or str(error)) from error

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self._folder / f"{name}.json", self._folder / f"{name}.wav"


def _write_wave(path: Path, speech: FloatArray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(speech, -1, 1) * 32767).astype("<i2").tobytes())
