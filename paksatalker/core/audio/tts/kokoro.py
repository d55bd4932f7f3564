"""Text to speech by Kokoro-82M: many voices, and mixtures of them, with the true timings of the phones."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from paksatalker.config import get_settings
from paksatalker.core.audio.g2p import LANGUAGES, TextPronouncer, make_pronouncer, missing_package
from paksatalker.core.audio.loudness import LOUDNESS, Leveller
from paksatalker.core.audio.pronunciation import Pronunciation
from paksatalker.core.audio.tts.blend import Blend, SavedVoices, is_blend, parse_blend
from paksatalker.core.audio.tts.delivery import Delivery
from paksatalker.core.audio.tts.kokoro_voices import DEFAULT, KOKORO_VOICES
from paksatalker.core.audio.tts.onnx_edit import subgraph, with_factor, with_signed_activations
from paksatalker.core.audio.tts.synthesis import FRAME, SAMPLE_RATE, Narrator, symbol_borders
from paksatalker.core.engines import Voice
from paksatalker.core.languages import primary
from paksatalker.core.timeline import FloatArray, Speech, Utterance
from paksatalker.errors import EngineUnavailable, UnknownVoice
from paksatalker.models.base import State, WeightsStore

WEIGHTS = "kokoro"
_MODEL = "kokoro.onnx"
_DURATION_TENSOR, _LENGTH_TENSOR = "/encoder/Clip_output_0", "/encoder/Div_output_0"
#: What the encoder plans and the vocoder makes sound of: one column a frame of the text, two of the others.
_TEXT, _F0, _ENERGY = "/encoder/MatMul_1_output_0", "/encoder/Reshape_output_0", "/encoder/Reshape_1_output_0"
STYLES = 256  # values of a style vector: 128 for the sound, 128 for the prosody
_TYPICAL_GAIN_DB = 8.0
_F0_RATE = 80  # values a second
_SETTLING = 16  # values of f0 in which the phase of a later beginning is brought to that of the whole
#: Two threads are a third faster than one; more hardly help, and take processors from the picture.
_THREADS = 2


class _Graph:
    """The network in two parts: one plans durations and melody, which is quick; the other makes sound of them."""

    def __init__(self, model: Path) -> None:
        import onnxruntime  # heavy, and only speaking needs it
        from hibari.tts import ASSETS

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = _THREADS, 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the processors
        try:
            content = with_signed_activations(model.read_bytes())
            scaled = with_factor(content, _LENGTH_TENSOR, "lengths")
            planner = subgraph(scaled, {}, (_TEXT, _F0, _ENERGY, _DURATION_TENSOR))
            vocoder = subgraph(content, {_TEXT: 3, _F0: 2, _ENERGY: 2}, ("audio",))
            self._planner, self._vocoder = (
                onnxruntime.InferenceSession(one, options, providers=["CPUExecutionProvider"])
                for one in (planner, vocoder)
            )
        except Exception as error:  # onnxruntime's exceptions derive from Exception only
            raise EngineUnavailable(
                "the voices of kokoro cannot be used",
                "this version of onnxruntime cannot read the network",
                "Run: pip install --upgrade onnxruntime",
            ) from error
        self._options: Any = onnxruntime.RunOptions()
        # Memory is given back after each run; else it grows with every new length of sentence.
        self._options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        # hibari learned from Kokoro and numbers the same alphabet in the same way.
        self.vocabulary: dict[str, int] = json.loads((Path(ASSETS) / "vocab.json").read_text("utf-8"))

    def plan(self, ids: npt.NDArray[np.int64], style: FloatArray, speed: float, lengths: FloatArray) -> _Planned:
        """Plans how phonemes are said.

        Args:
            ids: Numbers of the phonemes [S].
            style: Style vector [256].
            speed: Speaking rate as a factor.
            lengths: Factors of the phonemes' durations [S].
        """
        inputs = {
            "tokens": np.concatenate([[0], ids, [0]])[None].astype(np.int64),
            "style": style.reshape(1, STYLES),
            "speed": np.array([speed], np.float32),
            "lengths": np.pad(lengths, 1, constant_values=1),
        }
        made = self._planner.run([_TEXT, _F0, _ENERGY, _DURATION_TENSOR], inputs, self._options)
        return _Planned(*made)

    def sound(self, planned: _Planned, style: FloatArray, first: int, last: int) -> FloatArray:
        """Samples of the frames from ``first`` to before ``last``, at 24 kHz."""
        two = slice(2 * first, 2 * last)
        f0 = planned.f0[:, two].copy()
        # The network begins with phase zero. Later beginnings go slightly off tune, until they have the phase of the
        # whole: at a seam the two are blended.
        cycles = float(planned.f0[:, : 2 * first].sum(dtype=np.float64)) / _F0_RATE
        f0[:, :_SETTLING] += np.float32((cycles - round(cycles)) * _F0_RATE / _SETTLING)
        inputs = {
            _TEXT: planned.text[:, :, first:last],
            _F0: f0,
            _ENERGY: planned.energy[:, two],
            "style": style.reshape(1, STYLES),
        }
        return np.asarray(self._vocoder.run(["audio"], inputs, self._options)[0], np.float32).ravel()


@dataclass(slots=True)
class _Planned:
    """What the vocoder gets of T frames, and the durations of the phonemes.

    Attributes:
        text: [1, 512, T].
        f0: Fundamental frequency [1, 2T], Hz.
        energy: [1, 2T].
        durations: In frames, of the ids and of the pads around them.
    """

    text: FloatArray
    f0: FloatArray
    energy: FloatArray
    durations: npt.NDArray[np.generic]


class _Plan:
    """A sentence that is about to be said; see :class:`~paksatalker.core.audio.tts.synthesis.Plan`."""

    def __init__(self, graph: _Graph, planned: _Planned, style: FloatArray, borders: npt.NDArray[np.float64]) -> None:
        self.borders = borders
        self._graph = graph
        self._planned = planned
        self._style = style

    def say(self, start: float = 0.0, end: float = math.inf) -> FloatArray:
        """Makes the sound of a stretch; before it, there is silence."""
        frames = self._planned.text.shape[2]
        first = min(math.floor(start / FRAME), frames - 1)
        last = frames if math.isinf(end) else min(math.ceil(end / FRAME), frames)
        made = self._graph.sound(self._planned, self._style, first, last)
        samples = np.concatenate([np.zeros(round(first * FRAME * SAMPLE_RATE), np.float32), made])
        return samples[: None if math.isinf(end) else round(end * SAMPLE_RATE)]


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

    def plan(self, symbols: str, delivery: Delivery, _number: int, /) -> _Plan:
        """Plans how phonemes are said; see :class:`~paksatalker.core.audio.tts.synthesis.Network`."""
        ids = np.array([self._graph.vocabulary.get(symbol, -1) for symbol in symbols])
        known = ids >= 0
        style = self._styles[min(max(int(known.sum()) - 1, 0), len(self._styles) - 1)]
        planned = self._graph.plan(ids[known], style, delivery.speed, delivery.lengths(symbols)[known])
        borders = symbol_borders(planned.durations, known, 0.0325 + 0.03 / delivery.speed)
        factor = np.full(1, delivery.pitch_factor, np.float32)
        if not delivery.is_plain:
            factor = delivery.melody(planned.f0[0], borders, FRAME * float(planned.durations.sum()))
        planned.f0 = planned.f0 * (factor * np.float32(self._pitch))
        return _Plan(self._graph, planned, style, borders)


class KokoroSpeech:
    """The ``kokoro`` speech engine: see :class:`~paksatalker.core.engines.SpeechEngine`.

    It speaks three to four times as fast as one can listen, on two cores. Of the first sentence, the beginning is
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
        delivery = Delivery.asked(speed, pitch)
        self.voice(voice)
        narrator = Narrator(self._speaker, voice, lambda: Leveller(self._loudness, _TYPICAL_GAIN_DB), early=True)
        return narrator.speak(utterances, delivery)

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
        if command := missing_package(primary(voice.language)):
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


def _is_readable(voice: Voice) -> bool:
    return missing_package(primary(voice.language)) is None


def _are_known(blend: Blend) -> bool:
    return all(name in KOKORO_VOICES for name, _ in blend.parts)
