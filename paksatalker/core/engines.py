"""What an engine is: one Protocol a stage, what it can do, and the registry that finds it by name.

An engine lives in one module and is registered under a name in the entry-point group of its stage:
``paksatalker.speech``, ``paksatalker.recording``, ``paksatalker.face``, ``paksatalker.renderer`` or
``paksatalker.writer``. The entry point is an :class:`EngineInfo`, which is cheap to import; the heavy module is
imported when the engine is made. There is no silent fallback: an engine that cannot run raises
:class:`~paksatalker.errors.EngineUnavailable` with the command that mends it.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from paksatalker.config.settings import Settings, get_settings
from paksatalker.core.timeline import FaceTrack, Speech, Utterance
from paksatalker.core.tracks import BodyTrack, CoefficientTrack
from paksatalker.errors import EngineUnavailable, InvalidOption
from paksatalker.models.base import State, WeightsStore

_log = logging.getLogger(__name__)

STAGES: tuple[str, ...] = ("speech", "recording", "face", "renderer")
#: Stages that no video needs.
OPTIONAL_STAGES: tuple[str, ...] = ("writer", "body")

#: Face motion that an engine makes or takes: what all default engines speak, or what one family of engines does.
_Made_co = TypeVar("_Made_co", bound=FaceTrack | CoefficientTrack, covariant=True)
_Taken_contra = TypeVar("_Taken_contra", bound=FaceTrack | CoefficientTrack, contravariant=True)

#: A message to a language model: ``role`` (``system``, ``user`` or ``assistant``) and ``content``.
Message = Mapping[str, str]
#: An answer in parts, as they are written; closing it stops the writing.
Parts = Generator[str, None, None]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a language model chooses words.

    Attributes:
        temperature: 0 takes the likeliest; 1 is the model's own variety.
        seed: Equal seeds give equal answers where the model runs on this computer.
        max_tokens: Longest answer.
        penalty: 0–2: how much words that were used are avoided.
        fresh: Whether nothing that was computed for earlier questions may be used again: it can change the last bits of
            what is computed, and so the words.
    """

    temperature: float = 0.0
    seed: int = 0
    max_tokens: int = 1024
    penalty: float = 0.0
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine takes and gives, for choosing one and for refusing pairs that do not fit.

    Attributes:
        takes: Noun it consumes, e.g. ``text``, ``audio``, ``Speech``, ``arkit52``.
        gives: Noun it produces, e.g. ``Speech``, ``arkit52``, ``frames``.
        languages: BCP-47 tags; empty where language does not matter.
        needs_gpu: Whether it cannot run without one.
        licence: SPDX id of the weights it uses (of the code, where it has none).
        summary: One line for ``paksatalker engines``.
    """

    takes: str
    gives: str
    languages: tuple[str, ...] = ()
    needs_gpu: bool = False
    licence: str = "MIT"
    summary: str = ""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """A registered engine: cheap to import, able to say whether it would run.

    Attributes:
        name: As the user writes it.
        stage: One of :data:`STAGES` or :data:`OPTIONAL_STAGES`.
        capabilities: What it takes and gives.
        factory: ``module:callable`` that makes it; imported only then.
        requires: Import names it cannot do without.
        install: The exact command that installs what it requires.
        priority: ``auto`` takes the installed engine with the highest.
        weights: Names in the weights manifest that must be present. The factory of an engine with weights takes the
            weights store as ``store``.
        setting: A setting that it cannot do without; where it has weights, one that stands in for them.
        guide: The page that explains the setting.
        options: What its factory takes beyond that, out of what the pipeline offers every engine of its stage.
    """

    name: str
    stage: str
    capabilities: Capabilities
    factory: str
    requires: tuple[str, ...] = ()
    install: str = ""
    priority: int = 0
    weights: tuple[str, ...] = ()
    setting: str = ""
    guide: str = "docs/writing.md"
    options: tuple[str, ...] = ()

    def missing(self) -> tuple[str, ...]:
        """Import names that are not installed."""
        return tuple(name for name in self.requires if importlib.util.find_spec(name) is None)

    def missing_weights(self, store: WeightsStore | None = None) -> tuple[str, ...]:
        """Names of its weights that are not in the store, or have another size than they should. Hashes nothing.

        Args:
            store: Where to look; None takes the settings' folder.
        """
        if not self.weights:
            return ()
        store = store or WeightsStore()
        return tuple(n for n in self.weights if store.status(n).state in (State.MISSING, State.CORRUPT))

    def lacking(self, store: WeightsStore | None = None, settings: Settings | None = None) -> tuple[str, ...]:
        """The first kind of things that are missing: packages, else weights, else a setting. Empty if it would run.

        Args:
            store: Where its weights should be; None takes the settings' folder.
            settings: None reads the environment.
        """
        if missing := self.missing():
            return missing
        if self.setting and getattr(settings or get_settings(), self.setting):
            return ()
        if self.weights:
            return self.missing_weights(store)
        return (f"PAKSATALKER_{self.setting.upper()}",) if self.setting else ()

    def hindrance(
        self, store: WeightsStore | None = None, settings: Settings | None = None
    ) -> EngineUnavailable | None:
        """Why it would not run here, with the command that mends it; None if it would.

        Args:
            store: Where its weights should be; None takes the settings' folder.
            settings: None reads the environment.
        """
        what = f"the {self.stage} engine '{self.name}' cannot run"
        absent = self.lacking(store, settings)
        if not absent:
            return None
        if self.missing():
            why = f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed"
            return EngineUnavailable(what, why, f"Run: {self.install}")
        if self.weights:
            why = f"its model {' and '.join(absent)} is not downloaded"
            return EngineUnavailable(what, why, f"Run: paksatalker models download {' '.join(absent)}")
        return EngineUnavailable(what, f"{absent[0]} is not set", f"Set {absent[0]}, see {self.guide}")

    def create(self, **options: Any) -> Any:
        """Makes the engine. Its weights are checked when it loads them.

        Raises:
            EngineUnavailable: Something it requires is not installed.
        """
        if self.missing() and (hindrance := self.hindrance()):
            raise hindrance
        module, _, attribute = self.factory.partition(":")
        make: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
        return make(**options)


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that an engine can speak with."""

    name: str
    engine: str
    language: str
    gender: str = ""
    description: str = ""
    also: tuple[str, ...] = ()
    """Primary tags of other languages that it speaks."""


@runtime_checkable
class SpeechEngine(Protocol):
    """Text to speech. Cheap to make: what is heavy is loaded when it speaks."""

    def voices(self) -> tuple[Voice, ...]:
        """The voices that can be spoken with right now."""
        ...

    def voice(self, name: str = "auto") -> Voice:
        """The voice of a name; ``auto`` is the engine's own choice.

        Raises:
            UnknownVoice: It is none of this engine's: another engine may have it.
            PaksaTalkerError: It is, but something is missing for speaking with it; the message says how to get that.
        """
        ...

    def speak(
        self, utterances: Iterable[Utterance], voice: str = "auto", speed: float = 1.0, pitch: float = 0.0
    ) -> Iterator[Speech]:
        """Speaks utterance by utterance, each with its own ``voice`` (where it names one), rate, pitch and volume.

        Args:
            utterances: What to say; taken one by one as needed.
            voice: A name that :meth:`voice` takes.
            speed: 0.5–2. Pauses keep their length.
            pitch: Semitones above the voice's own, −6 to 6.

        In the text ``[written](/IPA/)`` stands for a word with its pronunciation given.

        Yields:
            Pieces that follow each other on the clock without gap or overlap: ``piece.start`` is the end of the one
            before. Word and phone times are absolute. Pauses are part of the samples.
        """
        ...


@runtime_checkable
class RecordingEngine(Protocol):
    """A recording to timed speech: who says what when, or at least which sounds.

    The factory takes ``max_seconds``: a longer recording raises ``AudioTooLong``, even if its header lies.
    """

    def listen(self, recording: Path, transcript: str | None = None, language: str = "en") -> Iterator[Speech]:
        """Cuts a recording at pauses and times its phones.

        Args:
            recording: The file.
            transcript: What is said in it; numbers and the like in words.
            language: ISO 639-1 code of the transcript. Without one the engine listens for the language itself.

        Yields:
            Pieces that cover the whole recording, in order, without gap or overlap, at most about 20 s each.
        """
        ...


@runtime_checkable
class FaceEngine(Protocol[_Made_co]):
    """Speech to face motion."""

    def animate(self, pieces: Iterable[Speech]) -> Iterator[_Made_co]:
        """Animates piece by piece, carrying its state (coarticulation, head, blink phase) across the borders.

        Yields:
            Neighbouring runs of frames that together cover ``ceil(end · fps)`` frames. A run may lag the piece it
            belongs to, for look-ahead, but never by more than one piece or two seconds of sound.
        """
        ...


@runtime_checkable
class BodyEngine(Protocol):
    """Speech to motion of the whole body."""

    def gesture(self, pieces: Iterable[Speech]) -> Iterator[BodyTrack]:
        """Moves to speech, piece by piece, carrying its state across the borders.

        Yields:
            Neighbouring runs of frames that together cover ``round(fps · seconds)`` frames.
        """
        ...


@runtime_checkable
class Renderer(Protocol[_Taken_contra]):
    """Face motion to frames."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames, pixels; both even."""
        ...

    def render(self, tracks: Iterable[_Taken_contra]) -> Iterator[npt.NDArray[np.uint8]]:
        """Renders every frame of the tracks in order: uint8 RGB [H, W, 3], or RGBA [H, W, 4] with straight alpha."""
        ...


@runtime_checkable
class LanguageModel(Protocol):
    """A model that answers messages with JSON of a given form."""

    @property
    def name(self) -> str:
        """Which model it is."""
        ...

    def stream(self, messages: Sequence[Message], schema: type[BaseModel], sampling: Sampling) -> Parts:
        """Answers with the parts of a JSON document as they are written. Closing the iterator stops the writing.

        Args:
            messages: What to answer to.
            schema: What the answer should look like. Whoever asked validates it: not every model keeps to it.
            sampling: How to choose words.

        Raises:
            WriterUnreachable: The model's server does not answer as it should.
            EngineUnavailable: It cannot run here.
            WeightsMissing: Its weights are not there.
        """
        ...

    def close(self) -> None:
        """Ends servers and threads; may be called again."""
        ...


def installed(stage: str) -> tuple[EngineInfo, ...]:
    """All engines registered for a stage, runnable or not, best first. A broken plug-in is named in the log."""
    found = []
    for point in entry_points(group=f"paksatalker.{stage}"):
        try:
            found.append(point.load())
        except Exception as error:  # noqa: BLE001  (other people's code: it must not take ours down)
            _log.warning("the %s engine '%s' cannot be loaded: %s: %s", stage, point.name, type(error).__name__, error)
    return tuple(sorted(found, key=lambda info: (-info.priority, info.name)))


def find(stage: str, name: str = "auto") -> EngineInfo:
    """The engine of a stage by name; ``auto`` is the best one that would run.

    Where none would but one lacks only its model, that is taken: loading the model says what is wrong with it.

    Raises:
        InvalidOption: No engine of this stage has the name.
        EngineUnavailable: ``auto`` and nothing of this stage would run.
    """
    engines = installed(stage)
    if name != "auto":
        for info in engines:
            if info.name == name:
                return info
        names = ", ".join(info.name for info in engines)
        raise InvalidOption(f"there is no {stage} engine '{name}'", fix=f"Choose one of: {names}")
    for info in engines:
        if info.hindrance() is None:
            return info
    for info in engines:
        if not info.missing():
            return info
    hindrance = engines[0].hindrance() if engines else None
    raise hindrance or EngineUnavailable(f"there is no {stage} engine", "", "Run: pip install -U paksatalker")
