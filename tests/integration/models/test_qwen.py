"""Real servers and real networks, with tiny random models."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from paksatalker.config import Settings
from paksatalker.core.engines import Sampling
from paksatalker.core.text.writing import schemas
from paksatalker.core.text.writing.embedded import EmbeddedModel
from paksatalker.core.text.writing.local import LocalModel
from paksatalker.core.text.writing.writer import Writer
from paksatalker.errors import EngineUnavailable, WeightsCorrupt, WriterUnreachable, WritingFailed
from paksatalker.models.qwen.server import ModelServer, threads
from tests.integration.models import tiny_qwen

MESSAGES = [{"role": "system", "content": "You are terse."}, {"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def gguf(tmp_path_factory):
    return tiny_qwen.write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_qwen.write_folder(tmp_path_factory.mktemp("folder") / "tiny")


def ask(model, seed=5, *, fresh=True):
    sampling = Sampling(temperature=0.7, seed=seed, max_tokens=40, fresh=fresh)
    return "".join(model.stream(MESSAGES, schemas.sentences(1, 2), sampling))


class TestServer:
    def test_it_serves_this_computer_alone_with_a_key_and_ends(self, gguf):
        import httpx

        with ModelServer(gguf, context=512) as server:
            assert server.url.startswith("http://127.0.0.1:")
            listeners = [
                c.laddr.ip for c in psutil.Process(server._process.pid).net_connections() if c.status == "LISTEN"
            ]
            assert listeners == ["127.0.0.1"]
            body = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
            refused = httpx.post(f"{server.url}/chat/completions", json=body, trust_env=False)
            assert refused.status_code == 401
            command = psutil.Process(server._process.pid).cmdline()
            assert server.key not in " ".join(command)
        assert not server.alive

    def test_the_schema_holds_the_answer_and_a_seed_its_words(self, gguf):
        model = EmbeddedModel(settings=Settings(qwen_model_path=gguf))
        try:
            first = ask(model)
            assert first.replace("\n", "").replace(" ", "").startswith('{"sentences":["')
            assert ask(model) == first
            assert ask(model, seed=6) != first
        finally:
            model.close()
        again = EmbeddedModel(settings=Settings(qwen_model_path=gguf))
        assert ask(again) == first
        again.close()
        assert again._server is None

    def test_a_server_that_died_is_started_again(self, gguf):
        model = EmbeddedModel(settings=Settings(qwen_model_path=gguf))
        first = ask(model)
        model._server._process.kill()
        model._server._process.wait()
        assert ask(model) == first
        model.close()

    def test_a_server_that_dies_while_it_writes_is_told(self, gguf):
        model = EmbeddedModel(settings=Settings(qwen_model_path=gguf))
        parts = model.stream(MESSAGES, schemas.sentences(1, 50), Sampling(temperature=1, max_tokens=4000))
        next(parts)
        model._server._process.kill()
        with pytest.raises(WriterUnreachable):
            list(parts)
        model.close()

    @pytest.mark.skipif(os.name != "posix", reason="kills a process the hard way")
    def test_it_ends_when_its_owner_is_killed(self, gguf):
        code = (
            "import sys, time; from pathlib import Path; from paksatalker.models.qwen.server import ModelServer\n"
            "server = ModelServer(Path(sys.argv[1]), 512); print(server._process.pid, flush=True); time.sleep(60)"
        )
        owner = subprocess.Popen([sys.executable, "-c", code, str(gguf)], stdout=subprocess.PIPE, text=True)
        pid = int(owner.stdout.readline())
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
        deadline = time.monotonic() + 10
        while psutil.pid_exists(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

    def test_files_that_are_no_models_are_told(self, gguf, tmp_path):
        with pytest.raises(EngineUnavailable, match="No such file"):
            ModelServer(tmp_path / "absent.gguf")
        text = tmp_path / "text.gguf"
        text.write_text("hello")
        with pytest.raises(WeightsCorrupt, match="no GGUF file"):
            ModelServer(text)
        half = tmp_path / "half.gguf"
        half.write_bytes(gguf.read_bytes()[:20_000])
        with pytest.raises(WeightsCorrupt, match="cannot be loaded"):
            ModelServer(half)

    def test_a_model_that_writes_nonsense_is_refused(self, gguf):
        with Writer(settings=Settings(qwen_model_path=gguf)) as writer:
            assert writer.model == "tiny"
            with pytest.raises(WritingFailed, match="asked again"):
                list(writer.write("bees", length="6s"))

    def test_threads_leave_a_core_free(self):
        assert 1 <= threads() <= max(1, (psutil.cpu_count(logical=False) or 1) - 1)


class TestInProcess:
    def test_it_writes_and_a_seed_gives_the_same_words(self, folder):
        model = LocalModel(Settings(qwen_model_path=folder))
        first = ask(model)
        assert first
        assert ask(model) == first
        assert ask(model, seed=6) != first
        model.close()

    def test_closing_stops_it_in_the_middle(self, folder):
        import threading

        model = LocalModel(Settings(qwen_model_path=folder))
        parts = model.stream(MESSAGES, schemas.sentences(1, 2), Sampling(temperature=1, max_tokens=1500))
        next(parts)
        before = threading.active_count()
        parts.close()
        assert threading.active_count() == before - 1

    def test_the_writer_takes_a_folder(self, folder):
        with Writer(settings=Settings(qwen_model_path=folder)) as writer:
            assert (writer.engine, writer.model) == ("transformers", "tiny")

    def test_folders_that_hold_no_model_are_told(self, tmp_path):
        with pytest.raises(WeightsCorrupt, match="cannot be used"):
            ask(LocalModel(Settings(qwen_model_path=tmp_path)))
        with pytest.raises(EngineUnavailable, match="no folder"):
            ask(LocalModel(Settings(qwen_model_path=Path(tmp_path / "absent"))))
