import time

import pytest

from paksatalker.config import Settings
from paksatalker.core.engines import EngineInfo
from paksatalker.core.text.writing.ahead import ahead
from paksatalker.core.text.writing.writer import Writer
from paksatalker.errors import Cancelled, EngineUnavailable, InvalidOption, TextEmpty, TextTooLong


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, max_text_characters=1000)


class TestChoice:
    def test_without_any_model_the_message_says_how_to_get_one(self, settings, monkeypatch):
        with pytest.raises(EngineUnavailable, match=r"Run: paksatalker models download qwen2\.5-coder-1\.5b; or set"):
            Writer(settings=settings)
        monkeypatch.setattr(EngineInfo, "missing", lambda info: info.requires)
        with pytest.raises(
            EngineUnavailable, match=r"Run: pip install .paksatalker\[qwen\]' && paksatalker models down"
        ):
            Writer(settings=settings)

    def test_a_server_that_is_set_comes_first_then_a_path(self, settings, tmp_path):
        gguf = tmp_path / "m.gguf"
        gguf.write_bytes(b"GGUF")
        url = "http://localhost:1/v1"
        for changes, engine in [
            ({"llm_url": url}, "openai"),
            ({"llm_url": url, "qwen_model_path": gguf}, "openai"),
            ({"qwen_model_path": gguf}, "llamacpp"),
            ({"qwen_model_path": tmp_path}, "transformers"),
        ]:
            with Writer(settings=settings.model_copy(update=changes)) as writer:
                assert writer.engine == engine

    def test_an_engine_that_is_named_must_be_able_to_run(self, settings):
        with pytest.raises(EngineUnavailable, match="PAKSATALKER_LLM_URL is not set"):
            Writer("openai", settings)
        with pytest.raises(EngineUnavailable, match="models download"):
            Writer("llamacpp", settings)
        with pytest.raises(InvalidOption, match="no writer engine 'gpt'"):
            Writer("gpt", settings)


class TestLexicon:
    def test_emotions_need_no_model(self, settings):
        with Writer("lexicon", settings) as writer:
            assert writer.direct("I love this! It is noon.") == "[happy 0.6]I love this! [neutral]It is noon."
            assert writer.model == ""

    def test_it_cannot_write(self, settings):
        with Writer("lexicon", settings) as writer, pytest.raises(InvalidOption, match="can only direct"):
            writer.write("bees")


class TestBadOrders:
    @pytest.fixture
    def writer(self, settings):
        with Writer(settings=settings.model_copy(update={"llm_url": "http://localhost:1/v1"})) as writer:
            yield writer

    def test_they_are_refused_before_a_model_is_asked(self, writer):
        with pytest.raises(TextEmpty):
            writer.write("  !  ")
        with pytest.raises(TextTooLong, match="as a document"):
            writer.write("x" * 3000)
        with pytest.raises(TextTooLong):
            writer.write("x", document="x" * 1001)
        with pytest.raises(InvalidOption, match="--length"):
            writer.write("bees", length="forever")
        with pytest.raises(InvalidOption, match="--tone"):
            writer.write("bees", tone="x" * 61)
        with pytest.raises(InvalidOption, match="--to cannot be 'klingon'"):
            writer.translate("Hello.", "klingon")
        with pytest.raises(InvalidOption, match="--style is empty"):
            writer.rewrite("Hello.", " ")
        with pytest.raises(TextEmpty):
            writer.direct("...")


class TestAhead:
    def test_items_are_made_while_others_are_used(self):
        made = []

        def items():
            for number in range(5):
                made.append(number)
                yield number

        found = ahead(items(), 5, cancelled=bool, abort=bool)
        assert next(found) == 0
        deadline = time.monotonic() + 5
        while len(made) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert made == [0, 1, 2, 3, 4]
        assert list(found) == [1, 2, 3, 4]

    def test_it_is_never_further_ahead_than_allowed(self):
        made = []
        found = ahead((made.append(n) or n for n in range(1000)), 3, cancelled=bool, abort=bool)
        assert next(found) == 0
        time.sleep(0.3)
        assert len(made) <= 6
        found.close()

    def test_errors_arrive_after_what_was_made_before(self):
        def items():
            yield 1
            raise TextEmpty("nothing")

        found = ahead(items(), 5, cancelled=bool, abort=bool)
        assert next(found) == 1
        with pytest.raises(TextEmpty):
            next(found)

    def test_cancelling_ends_the_wait_and_what_is_waited_for(self):
        import threading

        ended = threading.Event()

        def items():
            ended.wait(20)
            yield 1

        before = threading.active_count()
        with pytest.raises(Cancelled):
            list(ahead(items(), 1, cancelled=lambda: True, abort=ended.set))
        assert ended.is_set()
        assert threading.active_count() == before
