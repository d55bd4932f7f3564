"""From a brief to the sentences that are spoken: written by a language model while they are spoken."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from functools import lru_cache

from paksatalker.core.engines import SpeechEngine, find
from paksatalker.core.languages import primary
from paksatalker.core.request import Request
from paksatalker.core.sources.casting import Casting
from paksatalker.core.sources.direction import direct
from paksatalker.core.sources.voices import EngineGetter
from paksatalker.core.text.moderation import Moderator
from paksatalker.core.text.sentences import SENTENCE_PAUSE
from paksatalker.core.text.writing.ahead import ahead
from paksatalker.core.text.writing.length import SpeakingRate, parse_length, rate_of, weight
from paksatalker.core.text.writing.writer import Writer, check_order
from paksatalker.core.timeline import Speech, Utterance
from paksatalker.errors import PaksaTalkerError

WriterGetter = Callable[[], Writer]
Speak = Callable[[Iterator[Utterance]], Iterator[Speech]]

#: Sentences that may be written and not yet spoken.
_AHEAD = 64
#: What a voice is timed with; other languages go by what is usual for them.
_SAMPLES = {
    "en": "The museum opens at nine in the morning and closes at six in the evening. Please keep your bags with you.",
    "es": "El museo abre a las nueve de la mañana y cierra a las seis de la tarde. Por favor, cuide sus pertenencias.",
    "fr": "Le musée ouvre à neuf heures du matin et ferme à six heures du soir. Veuillez surveiller vos affaires.",
    "de": "Das Museum öffnet um neun Uhr morgens und schließt um sechs Uhr abends. Bitte achten Sie auf Ihre Sachen.",
    "it": "Il museo apre alle nove del mattino e chiude alle sei di sera. Si prega di custodire i propri oggetti.",
    "pt": "O museu abre às nove da manhã e fecha às seis da tarde. Por favor, cuide dos seus pertences.",
    "hi": "संग्रहालय सुबह नौ बजे खुलता है और शाम छह बजे बंद होता है। कृपया अपने सामान का ध्यान रखें।",
}


def check_brief(request: Request) -> None:
    """Refuses a brief that cannot be written after, before anything is made.

    Raises:
        InvalidOption: The length or the tone cannot be taken.
        TextEmpty: The brief is empty.
        TextTooLong: It is too long.
    """
    check_order(request.brief or "", request.tone, request.length)


def expected_characters(request: Request, language: str) -> int:
    """About how long the text will be."""
    return round(parse_length(str(request.length)) * rate_of(language, request.speed).characters)


def timed(speak: Speak, language: str, speed: float, *, light: bool) -> SpeakingRate:
    """How fast a voice is, found by letting it speak; what is usual for the language where that cannot be found.

    Args:
        speak: The voice, at its speed.
        language: What it speaks, a primary tag.
        speed: What it is set to.
        light: Whether it speaks so fast that it can be asked for every sentence.
    """
    sample = _SAMPLES.get(language)
    if sample is None:
        return rate_of(language, speed)
    try:
        pieces = list(speak(iter([Utterance(sample)])))
    except PaksaTalkerError:
        return rate_of(language, speed)
    spoken = [word for piece in pieces for word in piece.words]
    seconds = spoken[-1].end - spoken[0].start if spoken else 0.0
    if seconds <= 1:
        return rate_of(language, speed)
    return SpeakingRate(weight(sample) / seconds, measure=_measure(speak) if light else None)


def usual_rate(language: str) -> SpeakingRate:
    """How fast the voice speaks that would be chosen for a language; measured where that costs next to nothing."""
    info = find("speech")
    engine: SpeechEngine = info.create()
    if info.weights or primary(engine.voice().language) != primary(language):
        return rate_of(language)
    return timed(engine.speak, primary(language), 1.0, light=True)


def _measure(speak: Speak) -> Callable[[str], float]:
    @lru_cache(maxsize=1024)
    def seconds(sentence: str) -> float:
        said = Utterance(sentence, pause_after=SENTENCE_PAUSE)
        return sum(len(piece.samples) / piece.sample_rate for piece in speak(iter([said])))

    return seconds


def written(
    request: Request,
    writer: Writer,
    engine: EngineGetter,
    language: str,
    *,
    moderator: Moderator,
    cancelled: Callable[[], bool],
) -> Generator[Utterance, None, None]:
    """The sentences with all direction, as they are written.

    Raises:
        TextRefused: The moderator does not let one through; those before it are spoken by then.
        WritingFailed: The model does not write what was asked.
        Cancelled: It is not wanted any more.
    """
    timing = Casting(request, engine, language, (), 0)  # its own, so that the sample is no part of the notes
    sentences = writer.write(
        request.brief or "",
        tone=request.tone,
        length=request.length,
        language=language,
        seed=request.seed,
        rate=timed(timing.speak, language, request.speed, light=not timing.main.info.weights),
    )
    with closing(ahead(sentences, _AHEAD, cancelled=cancelled, abort=writer.close)) as texts:
        yield from moderator.watch(_directed(request, texts, language))


def _directed(request: Request, texts: Iterator[str], language: str) -> Iterator[Utterance]:
    for text in texts:
        plain = replace(request, brief=None, text=text, markup=False)
        yield from direct(plain, text, language, len(text) + 1).sentences()
