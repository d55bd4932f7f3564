"""Texts by a language model, sentence by sentence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from paksatalker.api.models.scripts import DirectBody, RewriteBody, Script, TranslateBody, WriteBody
from paksatalker.api.services.streaming import Pool
from paksatalker.errors import Cancelled

if TYPE_CHECKING:
    from paksatalker.core.text.writing.writer import Writer

Body = WriteBody | RewriteBody | TranslateBody | DirectBody


class Writers:
    """Writers by the name of their engine, made when they are needed: a model may run for each."""

    def __init__(self) -> None:
        self._made: dict[str, Writer] = {}

    def get(self, engine: str) -> Writer:
        """The writer of an engine.

        Raises:
            EngineUnavailable: No language model is set up; the message says how.
        """
        from paksatalker.core.text.writing.writer import Writer  # heavy: not for an API that never writes

        if engine not in self._made:
            self._made[engine] = Writer(engine)
        return self._made[engine]

    def close(self) -> None:
        """Ends what runs for them."""
        for writer in self._made.values():
            writer.close()
        self._made.clear()


WriterPool = Pool[Writers]


def writer_pool(slots: int) -> WriterPool:
    """Writers, made when they are needed.

    Args:
        slots: How many texts are written at a time; a model runs for each.
    """
    return Pool(Writers, Writers.close, slots)


def written(writers: Writers, body: Body, cancel: threading.Event) -> Iterator[str | Script]:
    """Has a text written.

    Args:
        writers: Write.
        body: What.
        cancel: Set when it is not wanted any more.

    Yields:
        Its sentences with the white space before them, then all of it.
    """
    writer = writers.get(body.engine if isinstance(body, DirectBody) else "auto")
    said: list[str] = []
    for part in _parts(writer, body, cancel):
        said.append(part)
        yield part
    text = "".join(said)
    yield Script(
        text=text, words=len(text.split()), language=_language(body), seconds=_seconds(body, said),
        engine=writer.engine, model=writer.model,
    )  # fmt: skip


def _parts(writer: Writer, body: Body, cancel: threading.Event) -> Iterator[str]:
    if isinstance(body, WriteBody):
        from paksatalker.core.sources.briefs import usual_rate
        from paksatalker.core.text.writing.form import spaced

        sentences = writer.write(
            body.brief, tone=body.tone, length=body.length, language=body.language, document=body.document,
            seed=body.seed, rate=usual_rate(body.language),
        )  # fmt: skip
        return spaced(sentences)
    if isinstance(body, RewriteBody):
        return writer.rewrite(body.text, body.style, language=body.language, seed=body.seed)
    if isinstance(body, TranslateBody):
        return writer.translate(body.text, body.to, seed=body.seed)

    def told(_: int) -> None:
        if cancel.is_set():
            raise Cancelled("stopped", "nobody waits for it any more")

    return iter([writer.direct(body.text, seed=body.seed, told=told)])


def _language(body: Body) -> str | None:
    if isinstance(body, DirectBody):
        return None
    return body.to if isinstance(body, TranslateBody) else body.language


def _seconds(body: Body, said: list[str]) -> float | None:
    if not isinstance(body, WriteBody):
        return None
    from paksatalker.core.sources.briefs import usual_rate

    rate = usual_rate(body.language)
    return round(sum(map(rate.seconds, (part.strip() for part in said))), 1)
