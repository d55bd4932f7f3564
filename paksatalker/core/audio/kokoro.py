"""Text to speech by Kokoro-82M: many voices, and mixtures of them, with the true timings of the phones."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from paksatalker.config import get_settings
from paksatalker.core.audio.blend import Blend, SavedVoices, is_blend, parse_blend
from paksatalker.core.audio.delivery import Delivery
from paksatalker.core.audio.g2p import LANGUAGES, TextPronouncer, make_pronouncer, missing_package
from paksatalker.core.audio.kokoro_voices import DEFAULT, KOKORO_VOICES
from paksatalker.core.audio.loudness import LOUDNESS, Leveller
from paksatalker.core.audio.onnx_output import unscaled, with_factor, with_limit, with_output
from paksatalker.core.audio.pronunciation import Pronunciation
from paksatalker.core.audio.synthesis import FRAME, SAMPLE_RATE, Narrator, symbol_borders
from paksatalker.core.engines import Voice
from paksatalker.core.options import PITCH, SPEED, require_range
from paksatalker.core.timeline import FloatArray, Speech, Utterance
from paksatalker.errors import EngineUnavailable, UnknownVoice
from paksatalker.models.base import State, WeightsStore

WEIGHTS = "kokoro"
_MODEL = "kokoro.onnx"
_DURATION_TENSOR, _LENGTH_TENSOR = "/encoder/Clip_output_0", "/encoder/Div_output_0"
_F0_TENSOR = "/encoder/Reshape_output_0"
#: What the vocoder gets, cut to make the beginning of a sentence only: places a frame, by the name of the input.
_CUT = {
    "sounds": ("/encoder/MatMul_1_output_0", 1),
    "pitches": (unscaled(_F0_TENSOR), 2),
    "energies": ("/encoder/Reshape_1_output_0", 2),
}
_ALL = 2**31 - 1  # frames
STYLES = 256  # values of a style vector: 128 for the sound, 128 for the prosody
_TYPICAL_GAIN_DB = 8.0
#: Seconds of the first sentence that are made at first: its sound is there in 200 to 600 ms, as the processor is.
_OPENING = 1.2
#: Two threads are a third faster than one; more hardly help, and take processors from the picture.
_THREADS = 2


class _Graph:
    """The network with its durations exposed and its pitch to be scaled."""

    def __init__(self, model: Path) -> None:
        import onnxruntime  # heavy, and only speaking needs it
        from hibari.tts import ASSETS

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = _THREADS, 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the processors
        try:
            content = with_factor(model.read_bytes(), _F0_TENSOR, "f0_scale")
            for name, (tensor, _) in _CUT.items():
                content = with_limit(content, tensor, name)
            content = with_factor(content, _LENGTH_TENSOR, "lengths")
            content = with_output(with_output(content, _DURATION_TENSOR, "duration"), unscaled(_F0_TENSOR), "f0")
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions derive from Exception only
            raise EngineUnavailable(
                "the voices of kokoro cannot be used",
                "this version of onnxruntime cannot read the network",
                "Run: pip install --upgrade onnxruntime",
            ) from error
        self._run_options: Any = onnxruntime.RunOptions()
        # Memory is given back after each run; else it grows with every new length of sentence.
        self._run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        # hibari learned from Kokoro and numbers the same alphabet in the same way.
        self.vocabulary: dict[str, int] = json.loads((Path(ASSETS) / "vocab.json").read_text("utf-8"))

        self._melody_options: Any = onnxruntime.RunOptions()
        self._melody_options.only_execute_path_to_fetches = True  # not the vocoder, which takes most of the time

    def run(self, ids: npt.NDArray[np.int64], style: FloatArray, speed: float, lengths: FloatArray) -> _Run:
        """Gets ready to say phonemes.

        Args:
            ids: Numbers of the phonemes [S].
            style: Style vector [256].
            speed: Speaking rate as a factor.
            lengths: Factors of the phonemes' durations [S].
        """
        return _Run(
            self._session,
            {
                "tokens": np.concatenate([[0], ids, [0]])[None].astype(np.int64),
                "style": style.reshape(1, STYLES),
                "speed": np.array([speed], np.float32),
                "lengths": np.pad(lengths, 1, constant_values=1),
            },
            self._run_options,
            self._melody_options,
        )


class _Run:
    """Phonemes that are about to be said."""

    def __init__(self, session: Any, inputs: dict[str, Any], options: Any, melody_options: Any) -> None:
        self._session = session
        self._inputs = inputs
        self._options = options
        self._melody_options = melody_options

    def melody(self) -> tuple[FloatArray, npt.NDArray[np.generic]]:
        """The fundamental frequency [T], Hz, and durations of the ids and of the pads around them."""
        inputs = {**self._inputs, "f0_scale": np.ones(1, np.float32), **_cut(_ALL)}
        f0, durations = self._session.run(["f0", "duration"], inputs, self._melody_options)
        return np.asarray(f0, np.float32).ravel(), durations

    def say(self, factor: FloatArray, frames: int = _ALL) -> tuple[FloatArray, npt.NDArray[np.generic]]:
        """Samples [N] at 24 kHz and the durations, with the fundamental frequency multiplied by ``factor`` [1 or T].

        Of the samples, those of the first ``frames`` are made.
        """
        if len(factor) > 1:
            factor = factor[: frames * _CUT["pitches"][1]]
        inputs = {**self._inputs, "f0_scale": factor, **_cut(frames)}
        samples, durations = self._session.run(["audio", "duration"], inputs, self._options)
        return np.asarray(samples, np.float32).ravel(), durations


def _cut(frames: int) -> dict[str, npt.NDArray[np.int64]]:
    return {name: np.array([frames * places], np.int64) for name, (_, places) in _CUT.items()}


class _Speaker:
    """One voice.

    Args:
        graph: The network.
        styles: A style vector for every length of text, [510, 256].
        pronouncer: Of the voice's language.
        pitch: What the pitch of the network is multiplied by.
    """

    def __init__(self, graph: _Graph, styles: FloatArray, pronouncer: TextPronouncer, pitch: float = 1.0) -> None:
        self._pitch = pitch
        self._graph = graph
        self._styles = styles
        self._pronouncer = pronouncer

    def pronounce(self, text: str) -> Pronunciation:
        """Written text to phonemes."""
        return self._pronouncer.pronounce(text)

    def run(
        self, symbols: str, delivery: Delivery, _number: int, /, seconds: float = math.inf
    ) -> tuple[FloatArray, npt.NDArray[np.float64]]:
        """Says phonemes; see :class:`~paksatalker.core.audio.synthesis.Network`."""
        ids = np.array([self._graph.vocabulary.get(symbol, -1) for symbol in symbols])
        known = ids >= 0
        style = self._styles[min(max(int(known.sum()) - 1, 0), len(self._styles) - 1)]
        run = self._graph.run(ids[known], style, delivery.speed, delivery.lengths(symbols)[known])
        earlier = 0.0325 + 0.03 / delivery.speed
        factor = np.full(1, delivery.pitch_factor, np.float32)
        if not delivery.is_plain:
            f0, durations = run.melody()
            borders = symbol_borders(durations, known, earlier)
            factor = delivery.melody(f0, borders, FRAME * float(durations.sum()))
        frames = _ALL if math.isinf(seconds) else math.ceil(seconds / FRAME)
        samples, durations = run.say(factor * np.float32(self._pitch), frames)
        # ``seconds`` need not be whole frames
        return samples[: None if math.isinf(seconds) else round(seconds * SAMPLE_RATE)], symbol_borders(
            durations, known, earlier
        )


class KokoroSpeech:
    """The ``kokoro`` speech engine: see :class:`~paksatalker.core.engines.SpeechEngine`.

    It speaks about four to six times as fast as one can listen, on two cores. Of the first sentence, the beginning is
    made and given out first. There is no randomness in it.

    Args:
        store: Where the network is; None takes the settings' folder.
        saved: The user's own mixtures of voices; None takes the settings' folder.
        loudness: Target, LUFS.
    """

    def __init__(
        self, store: WeightsStore | None = None, saved: SavedVoices | None = None, loudness: float = LOUDNESS
    ) -> None:
        self._store = store or WeightsStore()
        self._saved = saved or SavedVoices(get_settings().voices)
        self._loudness = loudness
        self._graph: _Graph | None = None
        self._pronouncers: dict[str, TextPronouncer] = {}
        self._speakers: dict[str, _Speaker] = {}

    def voices(self) -> tuple[Voice, ...]:
        """The voices that can be spoken with, and the user's own mixtures; none before the network is downloaded."""
        if self._store.status(WEIGHTS).state not in (State.VERIFIED, State.UNVERIFIED):
            return ()
        stock = tuple(voice for voice in KOKORO_VOICES.values() if _is_readable(voice))
        mixed = self._saved.all().items()
        own = tuple(self._mixed(name, blend) for name, blend in mixed if _are_known(blend))
        return stock + tuple(voice for voice in own if _is_readable(voice))

    def voice(self, name: str = "auto") -> Voice:
        """The voice of a name, of a mixture (``af_heart:0.6+bf_emma:0.4``) or of a saved mixture.

        Raises:
            UnknownVoice: Kokoro has no such voice.
            InvalidOption: The mixture is wrongly written, or its file is damaged.
            EngineUnavailable: It speaks a language that nothing here can pronounce.
            WeightsMissing: The network has not been downloaded.
            WeightsCorrupt: The network's file is damaged.
        """
        voice, blend = self._find(name)
        for part in (name for name, _ in blend.parts):
            self._store.path(WEIGHTS, f"{part}.bin")
        self._store.path(WEIGHTS, _MODEL)
        return voice

    @staticmethod
    def lacking(language: str) -> str | None:
        """The command that gets what reading a language needs, if that is all that is missing."""
        return missing_package(language) if language in LANGUAGES else None

    def speak(
        self, utterances: Iterable[Utterance], voice: str = "auto", speed: float = 1.0, pitch: float = 0.0
    ) -> Iterator[Speech]:
        """Speaks utterance by utterance.

        ``pause_after`` (at least 0.1 s) lies between the last phone of an utterance and the first of the next.

        Args:
            utterances: What to say; taken one by one as needed.
            voice: What :meth:`voice` takes.
            speed: 0.5 (slow) to 2 (fast). Pauses keep their length.
            pitch: Semitones above the voice's own, −6 to 6.

        Yields:
            Pieces at 24 kHz that follow each other sample by sample.

        Raises:
            PaksaTalkerError: As :meth:`voice` has them.
            InvalidOption: Speed or pitch out of range.
            TextEmpty: Nothing in the utterances can be said.
        """
        require_range("speed", speed, SPEED)
        require_range("pitch", pitch, PITCH)
        self.voice(voice)
        narrator = Narrator(self._speaker, voice, lambda: Leveller(self._loudness, _TYPICAL_GAIN_DB), _OPENING)
        return narrator.speak(utterances, Delivery(speed, pitch))

    def _find(self, name: str) -> tuple[Voice, Blend]:
        name = DEFAULT if name == "auto" else name
        blend = parse_blend(name) if is_blend(name) or name in KOKORO_VOICES else self._saved.load(name)
        if blend is None:
            raise UnknownVoice(f"there is no voice '{name}'", "kokoro does not know it", "See: paksatalker voices")
        for part, _ in blend.parts:
            if part not in KOKORO_VOICES:
                raise UnknownVoice(
                    f"there is no voice '{part}' to mix", "kokoro does not know it", "See: paksatalker voices"
                )
        voice = KOKORO_VOICES.get(name) or self._mixed(name, blend)
        if command := missing_package(_language(voice)):
            raise EngineUnavailable(
                f"the voice '{voice.name}' cannot speak here",
                f"what reads its language, {voice.language}, is not installed",
                f"Run: {command}",
            )
        return voice, blend

    def _mixed(self, name: str, blend: Blend) -> Voice:
        main = KOKORO_VOICES[blend.main]
        genders = {KOKORO_VOICES[part].gender for part, _ in blend.parts}
        gender = main.gender if len(genders) == 1 else ""
        if blend.likeness is not None:
            return Voice(name, "kokoro", main.language, description=f"matched to a speaker, from {blend.main}")
        return Voice(name, "kokoro", main.language, gender, f"mixture: {blend}")

    def _speaker(self, name: str) -> _Speaker:
        if name not in self._speakers:
            voice, blend = self._find(name)
            styles = np.sum([weight * self._styles(part) for part, weight in blend.parts], axis=0)
            if blend.likeness is not None:
                styles[:, : len(blend.likeness.offset)] += blend.likeness.offset
            if self._graph is None:
                self._graph = _Graph(self._store.path(WEIGHTS, _MODEL))
            if voice.language not in self._pronouncers:
                self._pronouncers[voice.language] = make_pronouncer(voice.language)
            pronouncer = self._pronouncers[voice.language]
            pitch = blend.likeness.pitch if blend.likeness else 1.0
            self._speakers[name] = _Speaker(self._graph, np.asarray(styles, np.float32), pronouncer, pitch)
        return self._speakers[name]

    def _styles(self, name: str) -> npt.NDArray[np.float64]:
        path = self._store.path(WEIGHTS, f"{name}.bin")
        return np.fromfile(path, "<f4").reshape(-1, STYLES).astype(np.float64)


def _language(voice: Voice) -> str:
    return voice.language.split("-")[0]


def _is_readable(voice: Voice) -> bool:
    return missing_package(_language(voice)) is None


def _are_known(blend: Blend) -> bool:
    return all(name in KOKORO_VOICES for name, _ in blend.parts)
