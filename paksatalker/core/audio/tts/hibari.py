"""Text to speech by hibari: a small Kokoro-like network whose predicted durations are the true phone timings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from paksatalker.core.audio.loudness import LOUDNESS, Leveller
from paksatalker.core.audio.pronunciation import Pronouncer, Pronunciation
from paksatalker.core.audio.tts.delivery import Delivery
from paksatalker.core.audio.tts.onnx_edit import with_factor, with_output
from paksatalker.core.audio.tts.synthesis import FRAME, Narrator, Whole, symbol_borders
from paksatalker.core.engines import Voice
from paksatalker.core.timeline import FloatArray, Speech, Utterance
from paksatalker.errors import EngineUnavailable, UnknownVoice, WeightsMissing

_DURATION_TENSOR, _LENGTH_TENSOR = "/Clip_output_0", "/Div_40_output_0"
_TYPICAL_GAIN_DB = 10.0  # the bundled voice speaks at −26 LUFS


class _Model:
    """One voice: the network with its durations exposed, its alphabet and its pronunciation."""

    def __init__(self, name: str, seed: int) -> None:
        import onnxruntime  # heavy, and only speaking needs it
        from hibari.tts import ASSETS
        from hibari.voices import VOICES, voice_path

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # fast enough; and bit for bit repeatable
        options.log_severity_level = 3
        # An arena would keep memory for every length of sentence that it has met, and saves no measurable time.
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        model = Path(voice_path(name, download_missing=False)).read_bytes()
        try:
            self._session = onnxruntime.InferenceSession(
                with_factor(with_output(model, _DURATION_TENSOR, "duration"), _LENGTH_TENSOR, "lengths"),
                options,
                providers=["CPUExecutionProvider"],
            )
        except Exception as error:  # onnxruntime's exceptions derive from Exception only
            raise EngineUnavailable(
                f"the hibari voice '{name}' cannot be used",
                "its model file is damaged or has another structure than hibari 0.2.1's",
                "Run: pip install --force-reinstall hibari-tts==0.2.1",
            ) from error
        self._vocabulary: dict[str, int] = json.loads((Path(ASSETS) / "vocab.json").read_text("utf-8"))
        self._seed = seed
        self._pronouncer = Pronouncer(british=bool(VOICES[name]["british"]))

    def pronounce(self, text: str) -> Pronunciation:
        """Written text to phonemes."""
        return self._pronouncer.pronounce(text)

    def plan(self, symbols: str, delivery: Delivery, number: int, /) -> Whole:
        """Says phonemes; see :class:`~paksatalker.core.audio.tts.synthesis.Network`."""
        from hibari import dsp

        ids = np.array([self._vocabulary.get(symbol, -1) for symbol in symbols])
        known = ids >= 0
        *spectrum, f0, duration = self._session.run(
            None,
            {
                "ids": np.concatenate([[0], ids[known], [0]])[None].astype(np.int64),
                "speed": np.array([delivery.speed], np.float32),
                "lengths": np.pad(delivery.lengths(symbols)[known], 1, constant_values=1),
            },
        )
        # The sound comes earlier than the borders: 62 ms at normal speed, as forced alignment of 6 sentences at five
        # speeds shows (median 98, 75, 65, 55, 55 ms at speed 0.5, 0.75, 1, 1.5, 2).
        borders = symbol_borders(duration, known, 0.0325 + 0.03 / delivery.speed)
        factor = delivery.pitch_factor if delivery.is_plain else delivery.melody(f0[0], borders, FRAME * duration.sum())
        rng = np.random.default_rng([self._seed, number])
        # The spectrum is an envelope: pulses of another rate sound higher or lower with the same vocal tract.
        samples: FloatArray = dsp.synth(*(part[0] for part in spectrum), f0[0] * factor, rng)
        return Whole(samples, borders)


class HibariSpeech:
    """The ``hibari`` speech engine: see :class:`~paksatalker.core.engines.SpeechEngine`.

    Each utterance becomes one piece (several when it is longer than the network should say at once), so the first sound
    is there after the first sentence, about a hundredth of its duration later.

    ``Word.text`` is the word as written with its punctuation, so that the texts joined by spaces give the utterance
    back. A reading of several spoken words (``$9.99``) is one word.

    Args:
        seed: Of the noise part of the voice. The same seed and utterances give the same samples bit for bit.
        loudness: Target, LUFS.
    """

    def __init__(self, seed: int = 0, loudness: float = LOUDNESS) -> None:
        self._seed = seed
        self._loudness = loudness
        self._models: dict[str, _Model] = {}

    def voices(self) -> tuple[Voice, ...]:
        """The voices that are on this machine: the bundled one and those already in hibari's cache folder."""
        from hibari.voices import VOICES, voice_path

        found = []
        for name, facts in VOICES.items():
            try:
                present = Path(voice_path(name, download_missing=False)).is_file()
            except FileNotFoundError:
                present = False
            if present:
                description = f"{facts['accent']} English"
                found.append(Voice(name, "hibari", facts["language"], facts["gender"], description))
        return tuple(found)

    def voice(self, name: str = "auto") -> Voice:
        """The voice of a name; ``auto`` is the bundled one.

        Raises:
            UnknownVoice: hibari has no such voice.
            WeightsMissing: It has, but not on this machine.
        """
        from hibari.voices import DEFAULT, VOICES

        present = {voice.name: voice for voice in self.voices()}
        if name == "auto":
            return present.get(DEFAULT) or next(iter(present.values()))
        if name in present:
            return present[name]
        names = ", ".join(present)
        if name in VOICES:
            raise WeightsMissing(
                f"the voice '{name}' is not on this machine",
                "hibari knows it but its model file has not been downloaded",
                f"Run: hibari --voice {name} -o voice.wav Hello (fetches it once); or choose one of: {names}",
            )
        raise UnknownVoice(f"there is no voice '{name}'", "hibari does not know it", f"Choose one of: {names}")

    def speak(
        self, utterances: Iterable[Utterance], voice: str = "auto", speed: float = 1.0, pitch: float = 0.0
    ) -> Iterator[Speech]:
        """Speaks utterance by utterance.

        ``pause_after`` (at least 0.1 s) lies between the last phone of an utterance and the first of the next.

        Args:
            utterances: What to say; taken one by one as needed.
            voice: A name from :meth:`voices`; ``auto`` is the bundled one.
            speed: 0.5 (slow) to 2 (fast). Pauses keep their length.
            pitch: Semitones above the voice's own, −6 to 6.

        Yields:
            Pieces at 24 kHz that follow each other sample by sample.

        Raises:
            UnknownVoice: hibari has no such voice.
            WeightsMissing: It has, but not on this machine.
            InvalidOption: Speed or pitch out of range.
            TextEmpty: Nothing in the utterances can be said.
        """
        delivery = Delivery.asked(speed, pitch)
        name = self.voice(voice).name
        narrator = Narrator(self._model, name, lambda: Leveller(self._loudness, _TYPICAL_GAIN_DB))
        return narrator.speak(utterances, delivery)

    def _model(self, voice: str) -> _Model:
        name = self.voice(voice).name
        if name not in self._models:
            self._models[name] = _Model(name, self._seed)
        return self._models[name]
