"""Traces of what happens to a request, from the API through the queue to the worker (OpenTelemetry). Off by default.

A job carries the context of the request that asked for it (W3C ``traceparent``, in the database, for a ticket of the
queue is no particular job's), so that one trace tells the whole story. Names of objects and kinds of errors are all
that goes in: no texts, no keys, no messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

from paksatalker.errors import EngineUnavailable

if TYPE_CHECKING:
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer, TracerProvider

Kind = Literal["server", "producer", "consumer", "internal"]
_PREFIX = "paksatalker."
_tracer: Tracer | None = None


class Span:
    """What is told of one step; of nothing where nothing is traced."""

    def __init__(self, span: OtelSpan | None = None) -> None:
        self._span = span

    @property
    def on(self) -> bool:
        """Whether anybody listens."""
        return self._span is not None

    def set(self, **attributes: str | int | float | bool | None) -> None:
        """Tells more: names with ``_`` for ``.``, under ``paksatalker.``."""
        if self._span is not None:
            for name, value in attributes.items():
                if value is not None:
                    self._span.set_attribute(_PREFIX + name.replace("_", "."), value)

    def tell(self, name: str, value: str | int) -> None:
        """Tells something under a name of OpenTelemetry's conventions."""
        if self._span is not None:
            self._span.set_attribute(name, value)

    def rename(self, name: str) -> None:
        """Gives the step its name when it is known."""
        if self._span is not None:
            self._span.update_name(name)

    def fail(self, code: str) -> None:
        """Tells that the step has failed.

        Args:
            code: The kind of error; never its message.
        """
        if self._span is not None:
            from opentelemetry.trace import StatusCode

            self._span.set_status(StatusCode.ERROR)
            self._span.set_attribute("error.type", code)


_NOBODY = Span()


@contextmanager
def span(
    name: str, kind: Kind = "internal", parent: str | None = None, **attributes: str | int | float | bool | None
) -> Iterator[Span]:
    """Traces a step, with all that happens in it.

    Args:
        name: Of the step; one of few.
        kind: Its part in a conversation.
        parent: A ``traceparent`` it belongs to; None for the step around it.
        attributes: As :meth:`Span.set` takes them.
    """
    if _tracer is None:
        yield _NOBODY
        return
    from opentelemetry.trace import SpanKind

    context = None if parent is None else _extracted({"traceparent": parent})
    with _tracer.start_as_current_span(
        name, context, SpanKind[kind.upper()], record_exception=False, set_status_on_exception=False
    ) as found:
        told = Span(found)
        told.set(**attributes)
        try:
            yield told
        except Exception as error:
            told.fail(type(error).__name__)
            raise


def traceparent() -> str | None:
    """The context of the step at hand, to be carried elsewhere; None where nothing is traced."""
    if _tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def _extracted(carrier: Mapping[str, str]) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract(carrier)


@contextmanager
def traced_by(provider: TracerProvider) -> Iterator[None]:
    """Has everything traced by a provider until the end of the block."""
    global _tracer  # noqa: PLW0603  (one process, one tracer, as OpenTelemetry has it)
    before, _tracer = _tracer, provider.get_tracer("paksatalker")
    try:
        yield
    finally:
        _tracer = before


def tracing(on: bool, part: str) -> AbstractContextManager[None]:
    """Traces to where OpenTelemetry's own variables say (``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_SERVICE_NAME``, …).

    Args:
        on: Whether to.
        part: Of the service, e.g. ``api``.

    Raises:
        EngineUnavailable: OpenTelemetry is not installed.
    """
    if not on or _tracer is not None:
        return nullcontext()
    return _exporting(part)


@contextmanager
def _exporting(part: str) -> Iterator[None]:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise EngineUnavailable(
            "nothing can be traced", f"{error.name} is not installed", "Run: pip install 'paksatalker[otel]'"
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": f"paksatalker-{part}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        with traced_by(provider):
            yield
    finally:
        provider.shutdown()
