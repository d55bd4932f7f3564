"""One trace tells what became of a request, from the API through the queue to the worker; and tells no secrets."""

import asyncio
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from paksatalker.api.main import create_app
from paksatalker.errors import EngineUnavailable
from paksatalker.service.backend import opened
from paksatalker.service.broker import Broker
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.tracing import Span, span, traced_by, traceparent, tracing
from paksatalker.worker.main import work
from tests.integration.api.tenants import new_key
from tests.integration.api.test_assets import png

TEXT = "Nobody but us is to know this sentence."


@pytest.fixture
def spans():
    """What was traced, in order of its end."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with traced_by(provider):
        yield exporter


def made(settings: ServiceSettings, job_id: str) -> None:
    async def play() -> None:
        async with opened(settings, settings.redis_url) as backend:
            task = asyncio.ensure_future(work(backend, ["portrait"]))
            try:
                async with asyncio.timeout(90):
                    while (await backend.jobs.get(job_id)).finished_at is None:
                        await asyncio.sleep(0.1)
                await asyncio.sleep(0.3)  # the attempt ends after the job
            finally:
                task.cancel()
                await asyncio.wait({task})

    asyncio.run(play())


def test_one_trace_from_the_request_to_the_video(spans, tmp_path):
    with Broker(tmp_path / "queue") as broker:
        settings = ServiceSettings(_env_file=None, home=tmp_path, redis_url=broker.url)
        key = new_key(settings)
        with TestClient(create_app(settings), headers={"Authorization": f"Bearer {key}"}) as client:
            asset = client.post("/api/v1/assets", files={"file": ("secret-name.png", png())}).json()["id"]
            spans.clear()
            caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            body = {"portrait": asset, "text": TEXT, "size": 64}
            job = client.post("/api/v1/videos", json=body, headers={"traceparent": caller}).json()
            client.get("/health/live")
        made(settings, job["id"])
    found = {one.name: one for one in spans.get_finished_spans()}
    request, put, attempt = (found[n] for n in ("POST /api/v1/videos", "enqueue portrait", "process portrait"))
    assert {"render", "sign", "store"} <= found.keys()
    assert not any("health" in name for name in found)
    assert {one.context.trace_id for one in found.values()} == {int("0af7651916cd43dd8448eb211c80319c", 16)}
    assert request.parent.span_id == int("b7ad6b7169203331", 16)
    assert put.parent.span_id == request.context.span_id
    assert attempt.parent.span_id == request.context.span_id
    for name in ("render", "sign", "store"):
        assert found[name].parent.span_id == attempt.context.span_id
    assert request.attributes["http.response.status_code"] == 202
    assert attempt.attributes["paksatalker.job.id"] == job["id"]
    assert (attempt.attributes["paksatalker.job.state"], attempt.attributes["paksatalker.job.attempt"]) == (
        "succeeded", 1,
    )  # fmt: skip
    everything = "".join(one.to_json() for one in found.values())
    for secret in (TEXT, key, key.partition(".")[2], "secret-name"):
        assert secret not in everything


def test_errors_are_told_by_kind_only(spans):
    with pytest.raises(ValueError, match="Ada"), span("step"):
        raise ValueError("Ada said: hello")
    [one] = spans.get_finished_spans()
    assert one.attributes["error.type"] == "ValueError"
    assert not one.events
    assert "Ada" not in one.to_json()


def test_nothing_is_traced_unless_it_is_wanted():
    with span("step", job_id="vid_x") as nobody:
        assert not nobody.on
        assert traceparent() is None
        nobody.fail("X")
    assert isinstance(nobody, Span)


def test_what_lacks_is_told_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(EngineUnavailable, match="paksatalker\\[otel\\]"), tracing(True, "api"):
        pass


def test_traces_go_to_a_collector(tmp_path, monkeypatch):
    """By OpenTelemetry's own protocol, when the setting is on."""
    sent = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            sent.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    try:
        with tracing(True, "api"), span("step"):
            assert traceparent()
        with tracing(False, "api"), span("step"):
            assert traceparent() is None
    finally:
        server.shutdown()
        server.server_close()
    assert len(sent) == 1
    assert sent[0][0] == "/v1/traces"
    assert b"paksatalker-api" in sent[0][1]
