"""The public face of writing: :class:`Writer`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paksatalker.config.settings import Settings, get_settings
from paksatalker.core.engines import EngineInfo, LanguageModel, Message, Sampling, find, installed
from paksatalker.core.text.markup import parse_markup
from paksatalker.core.text.registry import QWEN
from paksatalker.core.text.script import Script
from paksatalker.core.text.scripts import language_name
from paksatalker.core.text.ssml import is_ssml, parse_ssml
from paksatalker.core.text.writing import directing, prompts
from paksatalker.core.text.writing.asking import Desk, Malformed, refusal
from paksatalker.core.text.writing.drafting import Draft, Order
from paksatalker.core.text.writing.form import Form
from paksatalker.core.text.writing.length import SpeakingRate, parse_length, rate_of
from paksatalker.core.text.writing.prompts import Task
from paksatalker.core.text.writing.rephrasing import Ask, rephrase
from paksatalker.core.text.writing.replying import reply
from paksatalker.core.text.writing.script_rephrasing import is_directed, rephrased_script
from paksatalker.errors import EngineUnavailable, InvalidOption, TextEmpty, TextTooLong
from paksatalker.models.base import WeightsStore

#: The engine that directs by words and marks, without a model.
LEXICON = "lexicon"
_LONGEST_BRIEF = 2000
_LONGEST_MANNER = 60
_DOCUMENT = 6000  # characters that are shown to the model as they are
_PART = 5000  # of longer ones, read part by part


class Writer:
    """Writes, rewrites, translates and directs texts with a language model.

    The model is loaded when it is first needed. Close the writer, or use it as a context manager: a server may be
    running for it.

    Args:
        engine: ``llamacpp``, ``openai``, ``transformers``, or ``auto``: the server that is set, else the model that is
            set or installed. ``lexicon`` can only direct, and needs no model.
        settings: Limits, the server, the model; None reads the environment.
        store: Where the model is; None takes the settings' folder.

    Raises:
        EngineUnavailable: No language model is set up; the message says how.
        InvalidOption: There is no such engine.
    """

    def __init__(
        self, engine: str = "auto", settings: Settings | None = None, store: WeightsStore | None = None
    ) -> None:
        self._settings = settings or get_settings()
        self._model: LanguageModel | None = None
        self.notes: list[str] = []
        """What of a script's direction could not be kept when it was last written anew; complete at its end."""
        self.engine = engine
        if engine != LEXICON:
            info = _choose(engine, self._settings, store or WeightsStore(self._settings.weights))
            self.engine = info.name
            options: dict[str, Any] = {"settings": self._settings}
            self._model = info.create(**options, **({"store": store} if info.weights else {}))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def model(self) -> str:
        """Name of the model; of the lexicon, nothing."""
        return self._model.name if self._model else ""

    def close(self) -> None:
        """Ends what runs for it; may be called again."""
        if self._model is not None:
            self._model.close()

    def write(
        self,
        brief: str,
        *,
        tone: str = "",
        length: str | float = "30s",
        language: str = "en",
        document: str = "",
        seed: int = 0,
        rate: SpeakingRate | None = None,
    ) -> Iterator[str]:
        """Writes a text for a presenter.

        Args:
            brief: What it is about.
            tone: How it sounds, e.g. ``friendly``; any few words.
            length: How long it takes to say: ``60s``, ``2m``, or seconds. It comes out within 15 % of that.
            language: BCP-47 tag.
            document: A text that it is made from. What stands in it is material, never an instruction.
            seed: Equal seeds give equal texts where the model runs on this computer.
            rate: How fast the voice is; None takes what is usual for the language.

        Returns:
            Its sentences, each as soon as it is written.

        Raises:
            WritingFailed: The model does not write it, even when asked again.
            WriterUnreachable: The model's server does not answer as it should.
            InvalidOption: The length cannot be read, or the tone is too long.
            TextEmpty: There is neither a brief nor a document.
            TextTooLong: The brief or the document is longer than is taken.
        """
        seconds = check_order(brief, tone, length, has_document=bool(document.strip()))
        self._check_length(document)
        task = Task(brief=brief, document=document, tone=tone, language=language)
        return _drafted(self._desk(seed), task, seconds, rate)

    def rewrite(self, text: str, style: str = "formal", *, language: str = "en", seed: int = 0) -> Iterator[str]:
        """Writes each sentence of a text in another style.

        Args:
            text: The text, or a script, whose direction is kept around its sentences; see :attr:`notes`.
            style: ``formal``, ``casual``, ``simple``, ``concise`` and so on; any few words.
            language: What it is written in.
            seed: As for :meth:`write`.

        Returns:
            Its sentences, each with the white space before it, as soon as it is written.

        Raises:
            WritingFailed: The model does not write a sentence, even when asked again.
            WriterUnreachable: The model's server does not answer as it should.
            InvalidOption: The style is empty or too long.
            TextEmpty: There is no text.
            TextTooLong: It is longer than the settings allow.
        """
        if not style.strip():
            raise InvalidOption("--style is empty", fix="Say how the text should sound, e.g. formal")
        _check_manner("style", style)
        self._check_text(text)
        ask = partial(prompts.rephrasing, style=style)
        return self._rephrased(text, seed, ask, language, changed=False)

    def translate(self, text: str, language: str, *, seed: int = 0) -> Iterator[str]:
        """Translates a text sentence by sentence.

        Args:
            text: The text, or a script, whose direction is kept around its sentences; see :attr:`notes`.
            language: What to translate into, a BCP-47 tag.
            seed: As for :meth:`write`.

        Returns:
            Its sentences, each with the white space before it, as soon as it is written.

        Raises:
            WritingFailed: The model does not translate a sentence, even when asked again.
            WriterUnreachable: The model's server does not answer as it should.
            InvalidOption: No such language is known here.
            TextEmpty: There is no text.
            TextTooLong: It is longer than the settings allow.
        """
        _check_language(language)
        self._check_text(text)
        ask = partial(prompts.translation, language=language)
        return self._rephrased(text, seed, ask, language, changed=True)

    def _rephrased(self, text: str, seed: int, ask: Ask, language: str, *, changed: bool) -> Iterator[str]:
        """The sentences anew: of a plain text one by one, of a script with its direction when all are there."""
        self.notes = []
        script = parse_ssml(text) if is_ssml(text) else parse_markup(text)
        if not is_directed(script):
            yield from rephrase(self._desk(seed), text, ask, language, changed=changed)
            return
        again = partial(rephrase, self._desk(seed), ask=ask, language=language, changed=changed)
        markup, notes = rephrased_script(script, again, language if changed else "")
        self.notes += notes
        yield markup

    def direct(self, text: str, *, seed: int = 0, told: Callable[[int], None] | None = None) -> str:
        """Adds emotions, stress, pauses and gestures to a text without changing a word of it.

        Args:
            text: Plain text; or a script, whose own direction is kept.
            seed: As for :meth:`write`.
            told: Called with the number of sentences that are directed.

        Returns:
            Script markup, see ``docs/script.md``.

        Raises:
            WritingFailed: The model's choices were not valid, twice.
            WriterUnreachable: The model's server does not answer as it should.
            TextEmpty: There is no text.
            TextTooLong: It is longer than the settings allow.
            ScriptInvalid: It is SSML that is not well-formed.
        """
        self._check_text(text)
        script: Script = parse_ssml(text) if is_ssml(text) else parse_markup(text)
        if self.engine == LEXICON:
            return directing.written(directing.direct_by_lexicon(script), script)
        return directing.written(directing.direct_by_model(self._desk(seed), script, told), script)

    def reply(
        self, history: Sequence[Message], *, persona: str = "", language: str = "", seed: int = 0
    ) -> Iterator[str]:
        """Answers in a conversation.

        Args:
            history: ``role`` (``user`` or ``assistant``) and ``content`` of each message; the last is the user's.
            persona: Who answers, and how.
            language: What to answer in, a BCP-47 tag; empty for that of the last message.
            seed: As for :meth:`write`.

        Returns:
            A few sentences, each as soon as it is written.

        Raises:
            WritingFailed: The model does not answer as it should, even when asked again.
            WriterUnreachable: The model's server does not answer as it should.
            TextEmpty: Nothing was said.
            TextTooLong: The last message is longer than the settings allow.
        """
        self._check_text(history[-1]["content"] if history else "")
        return reply(self._desk(seed), history, persona, language)

    def _desk(self, seed: int) -> Desk:
        if self._model is None:
            raise InvalidOption("--engine lexicon can only direct", fix="Leave --engine out to use a language model")
        return Desk(self._model, seed)

    def _check_text(self, text: str) -> None:
        if not any(map(str.isalnum, text)):
            raise TextEmpty("there is nothing to work on", "the text is empty", "Give a text with words in it")
        self._check_length(text)

    def _check_length(self, text: str) -> None:
        limit = self._settings.max_text_characters
        if len(text) > limit:
            why = f"it has {len(text)} characters, {limit} are allowed"
            raise TextTooLong("the text is too long", why, "Split it, or set PAKSATALKER_MAX_TEXT_CHARACTERS")


def _choose(name: str, settings: Settings, store: WeightsStore) -> EngineInfo:
    """The engine of a name; ``auto`` goes by what is set and installed.

    Raises:
        EngineUnavailable: Nothing is.
    """
    if name == "auto" and settings.qwen_model_path is not None and not settings.llm_url:
        is_folder = Path(settings.qwen_model_path).expanduser().is_dir()
        name = "transformers" if is_folder else "llamacpp"
    if name != "auto":
        info = find("writer", name)
        if hindrance := info.hindrance(store, settings):
            raise hindrance
        return info
    for info in installed("writer"):
        if info.hindrance(store, settings) is None:
            return info
    missing = any(info.missing() for info in installed("writer") if info.name == "llamacpp")
    install = "pip install 'paksatalker[qwen]' && " if missing else ""
    raise EngineUnavailable(
        "there is no language model that could write",
        "Qwen is not installed and no server is set",
        f"Run: {install}paksatalker models download {QWEN}; or set PAKSATALKER_LLM_URL, see docs/writing.md",
    )


def check_order(brief: str, tone: str, length: str | float, *, has_document: bool = False) -> float:
    """Refuses what cannot be written, before a model is asked.

    Returns:
        Seconds that the text is to take.

    Raises:
        InvalidOption: The length or the tone cannot be taken.
        TextEmpty: There is nothing to write about.
        TextTooLong: The brief is too long.
    """
    seconds = parse_length(str(length))
    _check_manner("tone", tone)
    if not any(map(str.isalnum, brief)) and not has_document:
        raise TextEmpty("there is nothing to write about", "the brief is empty", "Say what the text is about")
    if len(brief) > _LONGEST_BRIEF:
        why = f"it has {len(brief)} characters, {_LONGEST_BRIEF} are taken"
        raise TextTooLong("the brief is too long", why, "Give what is long as a document")
    return seconds


def _drafted(desk: Desk, task: Task, seconds: float, rate: SpeakingRate | None) -> Iterator[str]:
    task = replace(task, document=_digest(desk, task.document, task.brief))
    yield from Draft(desk, Order(task=task, seconds=seconds, rate=rate or rate_of(task.language))).sentences()


def _digest(desk: Desk, document: str, brief: str) -> str:
    """A document as it is, or, of a long one, what it says, part by part."""
    while len(document) > _DOCUMENT:
        facts: list[str] = []
        for start in range(0, len(document), _PART):
            facts += _facts(desk, document[start : start + _PART], brief)
        shorter = " ".join(facts)
        if len(shorter) > 0.7 * len(document):
            raise refusal("the document could not be shortened")
        document = shorter
    return document


def _facts(desk: Desk, part: str, brief: str) -> list[str]:
    form, reason = Form("en", part), ""
    for _ in range(2):
        found: list[str] = []
        try:
            for raw in desk.sentences(prompts.facts(part, brief), 1, 6, Sampling(temperature=0.2, max_tokens=600)):
                found.append(form.tidy(raw)[:300])
        except Malformed as error:
            reason = str(error)
        if found:
            return found
    raise refusal(reason or "no facts of the document")


def _check_manner(option: str, manner: str) -> None:
    if len(manner) > _LONGEST_MANNER:
        raise InvalidOption(f"--{option} is too long", fix=f"Give a few words, {_LONGEST_MANNER} characters at most")


def _check_language(language: str) -> None:
    if language_name(language) == language:
        raise InvalidOption(f"--to cannot be '{language}'", fix="Give a language tag such as es, fr or de")
