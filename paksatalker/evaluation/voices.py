"""How well and how fast the installed voices speak: words as a recogniser hears them, timings, speed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from paksatalker.core.audio.recordings.recording import SPEECH_RATE
from paksatalker.core.audio.recordings.sphinx import ForcedAligner
from paksatalker.core.audio.recordings.whisper import Recogniser
from paksatalker.core.engines import EngineInfo, SpeechEngine, installed
from paksatalker.core.timeline import FloatArray, Speech, Utterance
from paksatalker.evaluation.measure import Measure
from paksatalker.evaluation.voices_text import SENTENCES
from paksatalker.models.base import WeightsStore

_WINDOW = 27.0  # seconds that are recognised at once
_CLOSE = 0.05  # seconds
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS = {
    **{word: number for number, word in enumerate(_UNITS.split())},
    **{word: 10 * number for number, word in enumerate(_TENS.split(), 2)},
}
#: Spellings of one word: neither is a mistake of the voice.
_SAME = {
    "airplane": "aeroplane", "doctor": "dr", "mister": "mr", "missus": "mrs", "ok": "okay", "metres": "meters",
    "kilometres": "kilometers", "catharine": "catherine", "katherine": "catherine", "elisabeth": "elizabeth",
    "johnathan": "jonathan", "name-tags": "name tags", "km": "kilometers", "kg": "kilograms", "mph": "miles per hour",
    "%": "percent", "&": "and",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and how it was spoken."""

    text: str
    pieces: tuple[Speech, ...]

    @property
    def samples(self) -> FloatArray:
        """The whole sentence, float32 [N] at 16 kHz."""
        rate = self.pieces[0].sample_rate
        joined = np.concatenate([piece.samples for piece in self.pieces])
        return np.asarray(soxr.resample(joined, rate, SPEECH_RATE), np.float32)

    @property
    def seconds(self) -> float:
        """Length."""
        return sum(len(piece.samples) / piece.sample_rate for piece in self.pieces)


def word_errors(reference: str, heard: str) -> tuple[int, int]:
    """Words that were heard wrong, and words in all; digits count one by one, spellings of one word as one."""
    wanted, found = spoken_words(reference), spoken_words(heard)
    row = list(range(len(found) + 1))
    for i, word in enumerate(wanted, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1], len(wanted)


def spoken_words(text: str) -> list[str]:
    """A text as words that can be compared, however it writes its numbers."""
    from hibari.g2p.normalize import normalize

    plain = re.sub(r"\$([\d,.]*\d)( million| billion)?", r"\1\2 dollars", text)
    plain = normalize(plain).lower().replace("’", "'")
    plain = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", plain)
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", plain)
    words: list[str] = []
    for token in re.findall(r"[a-z]+(?:'[a-z]+)?|\d+|%|&", plain):
        word = _SAME.get(token, token)
        number = _NUMBERS.get(word)
        words += list(str(number)) if number is not None else list(word) if word.isdigit() else word.split()
    return words


def measure_voices(store: WeightsStore, sentences: Sequence[str] = SENTENCES) -> Iterator[Measure]:
    """Measures every installed speech engine that speaks English.

    Args:
        store: With the weights of the engines, and of Whisper.
        sentences: What they say.
    """
    recogniser = Recogniser(store.path("whisper-base"))
    for info in installed("speech"):
        if info.hindrance(store) is None and any(
            tag.startswith("en") for tag in info.capabilities.languages or ("en",)
        ):
            engine = info.create(store=store) if info.weights else info.create()
            yield from _engine(info, engine, recogniser, sentences)


def _engine(
    info: EngineInfo, engine: SpeechEngine, recogniser: Recogniser, sentences: Sequence[str]
) -> Iterator[Measure]:
    name = info.name
    list(engine.speak([Utterance("Warm up.")]))
    began = time.perf_counter()
    said = [Said(text, tuple(engine.speak([Utterance(text)]))) for text in sentences]
    spent = time.perf_counter() - began
    length = sum(one.seconds for one in said)
    yield Measure(f"real-time factor, {name}", spent / length, "", f"{length:.0f} s of speech in {spent:.1f} s")
    yield Measure(f"first audio, {name}", 1000 * first_audio(engine, sentences), "ms", "warm, of a long text")
    wrong, words, missed = errors(said, recogniser)
    note = f"{wrong} of {words} words" + (f": {'; '.join(missed)}" if missed else "")
    yield Measure(f"word errors, {name}", 100 * wrong / max(words, 1), "%", note)
    gaps = timing_errors(said)
    if len(gaps):
        close = 100 * float((gaps <= _CLOSE).mean())
        median = 1000 * float(np.median(gaps))
        yield Measure(
            f"phone starts, {name}", median, "ms", f"median, against forced alignment; {close:.0f}% within 50 ms"
        )


def first_audio(engine: SpeechEngine, sentences: Sequence[str]) -> float:
    """Seconds until a warm engine gives the first sound of a long text."""
    began = time.perf_counter()
    stream: Any = engine.speak(Utterance(text) for text in sentences)
    try:
        next(stream)
        return time.perf_counter() - began
    finally:
        stream.close()


def errors(said: Sequence[Said], recogniser: Recogniser) -> tuple[int, int, list[str]]:
    """Word errors of all sentences: how many, of how many, and where (the texts as heard)."""
    wrong = words = 0
    missed: list[str] = []
    for group in _groups(said):
        # Sentences are recognised together, which is faster, and one by one where that is not right at once.
        heard = _heard(recogniser, np.concatenate([one.samples for one in group]))
        mistakes, count = word_errors(" ".join(one.text for one in group), heard)
        words += count
        if not mistakes:
            continue
        for one in group:
            heard = _heard(recogniser, one.samples)
            mistakes, _ = word_errors(one.text, heard)
            wrong += mistakes
            if mistakes:
                missed.append(f"“{one.text}” heard as “{heard}”")
    return wrong, words, missed


def _groups(said: Sequence[Said]) -> Iterator[list[Said]]:
    group: list[Said] = []
    for one in said:
        if group and sum(member.seconds for member in group) + one.seconds > _WINDOW:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _heard(recogniser: Recogniser, samples: FloatArray) -> str:
    return " ".join(word.text for word in recogniser.words(samples, "en"))


def timing_errors(said: Sequence[Said]) -> npt.NDArray[np.float64]:
    """By how many seconds the phones' starts differ from a forced alignment of the sound: [N], one for each phone."""
    aligner = ForcedAligner()
    gaps: list[float] = []
    for one in said:
        timed = [word.phones for piece in one.pieces for word in piece.words if word.phones]
        found = aligner.align(one.samples, [[phone.symbol for phone in phones] for phones in timed])
        if found is None:
            continue
        for phones, spans in zip(timed, found, strict=True):
            gaps += [abs(phone.start - start) for phone, (start, _) in zip(phones, spans, strict=False)]
    return np.array(gaps)
