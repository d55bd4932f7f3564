"""Answers in a conversation, sentence by sentence, so that the first is spoken while the second is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paksatalker.core.engines import Message, Sampling
from paksatalker.core.text.scripts import language_name
from paksatalker.core.text.writing.asking import Desk, Malformed, refusal
from paksatalker.core.text.writing.form import Form
from paksatalker.core.text.writing.prompts import FORM, disarmed

#: Messages of a conversation that the model is shown.
REMEMBERED = 20
_SENTENCES = 6
_TALKING = (
    "You talk with somebody, face to face. Answer what was said last, in one to three short plain sentences, as they "
    "are spoken: no lists, markup, emoji, stage directions or web addresses. Do not invent facts. "
)


def reply(desk: Desk, history: Sequence[Message], persona: str, language: str) -> Iterator[str]:
    """Answers the last message.

    Args:
        desk: Where the model is asked.
        history: ``user`` and ``assistant`` messages in turn; the last is the user's.
        persona: Who answers, and how; empty leaves it to the model.
        language: BCP-47 tag; empty for that of the last message.

    Yields:
        Sentences, tidied for speaking.

    Raises:
        WritingFailed: The model does not answer in the form that was asked for, even when asked again.
    """
    form, reason = Form(language or "en", ""), "it has no sentences"
    given = _messages(history, persona, language)
    for _ in range(2):
        said = 0
        try:
            for raw in desk.sentences(given, 1, _SENTENCES, Sampling(temperature=0.7, max_tokens=400)):
                sentence = form.tidy(raw)
                if any(map(str.isalnum, sentence)):
                    said += 1
                    yield sentence
        except Malformed as error:
            reason = str(error)
        if said:
            return
    raise refusal(reason)


def _messages(history: Sequence[Message], persona: str, language: str) -> list[Message]:
    who = f"Who you are: {disarmed(persona)}. " if persona.strip() else ""
    spoken = f"Answer in {language_name(language)}. " if language else "Answer in the language of what was said last. "
    shown = [{"role": m["role"], "content": disarmed(m["content"])} for m in history[-REMEMBERED:]]
    return [{"role": "system", "content": _TALKING + who + spoken + FORM}, *shown]
