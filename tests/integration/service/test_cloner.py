"""A voice is made by a worker of the queue, from files that it fetches, and speaks for its tenant's videos."""

import asyncio
import hashlib
import io
import json
import sys
import wave

import numpy as np
import pytest

from paksatalker.core.audio.cloning.consent import Reference, consent_for, consent_text
from paksatalker.core.audio.tts.blend import Blend, Likeness, voice_text
from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.timeline import Utterance
from paksatalker.models.base import State as Weights
from paksatalker.models.base import WeightsStore
from paksatalker.service.admission import NewJob
from paksatalker.service.ids import new_id
from paksatalker.service.states import VOICES, State
from paksatalker.service.tables import Asset, Voice
from paksatalker.service.voices import VoiceStore, digest_of, folder_of, read_voice
from paksatalker.worker import cloner as cloner_module
from paksatalker.worker.cloner import Cloner
from paksatalker.worker.main import work
from paksatalker.worker.process import RenderDied

STATEMENT = "I am Ada Lovelace and I agree that a voice like mine is made from these recordings."
STORE = WeightsStore()
#: The process that makes voices, but with little to say while it does.
BRIEF = """
from paksatalker.core.audio.cloning import match
from paksatalker.worker.clone_child import main
match._SAID_WHILE_FITTING = ("Watch him.",)
match._SAID_FOR_JUDGES = ("Welcome to our product.",)
main()
"""
needs_kokoro = pytest.mark.skipif(
    STORE.status("kokoro").state is Weights.MISSING, reason="needs: paksatalker models download kokoro"
)
needs_encoders = pytest.mark.skipif(
    STORE.status("speaker-encoders").state is Weights.MISSING,
    reason="needs: paksatalker models download speaker-encoders",
)


def spoken() -> bytes:
    """Seven seconds of one speaker, as a file."""
    text = "The old library opens at nine, and most of its visitors come for the quiet reading room upstairs. "
    samples = np.concatenate([piece.samples for piece in HibariSpeech().speak([Utterance(text * 2)])])[: 24000 * 7]
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 24000, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


async def recording(bench, content: bytes) -> Asset:
    asset = Asset(
        id=new_id("ast"), tenant_id=bench.tenant_id, kind="audio", name="ada.wav", media_type="audio/wav",
        bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), file="", analysis={},
    )  # fmt: skip
    asset.file = f"{bench.tenant_id}/assets/{asset.id}"
    await bench.backend.files.put(asset.file, content)
    async with bench.backend.database.session() as session:
        session.add(asset)
    return asset


def record(name: str, *references: Reference) -> dict:
    return json.loads(consent_text(consent_for(name, STATEMENT, references)))


async def ordered(bench, content: bytes, name="ada") -> tuple[Voice, str]:
    asset = await recording(bench, content)
    voices = VoiceStore(bench.backend.database)
    voice = await voices.create(bench.tenant_id, "key_x", name, record(name, Reference("ada.wav", asset.sha256)))
    request = {"voice": voice.id, "seed": 0, "recording_0": asset.id}
    job, _ = await bench.backend.jobs.create(NewJob(bench.tenant_id, "key_x", VOICES, request, new_id("sha")))
    await voices.queued(voice, job.id)
    await bench.backend.queue.enqueue(job.id, VOICES)
    return voice, job.id


async def ready_voice(bench, name="ada") -> Voice:
    """A voice as a worker leaves it, without the minutes that this takes."""
    voices = VoiceStore(bench.backend.database)
    voice = await voices.create(bench.tenant_id, "key_x", name, record(name, Reference("ada.wav", "0" * 64)))
    await voices.queued(voice, "cln_x")
    consent = json.dumps(voice.consent)
    text = voice_text(Blend((("af_heart", 1.0),), Likeness((0.01,) * 128, 1.05)), consent)
    place = f"{folder_of(bench.tenant_id, voice.id)}/1"
    await bench.backend.files.put(f"{place}/voice.json", text.encode())
    await bench.backend.files.put(f"{place}/voice.consent.json", consent.encode())
    facts = {"made_from": "af_heart"}
    assert await voices.made(voice.id, "cln_x", place, digest_of(text, consent), facts, size=1)
    return voice


@needs_kokoro
@needs_encoders
def test_a_voice_is_matched_and_lies_beside_its_consent(play, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(cloner_module, "_COMMAND", (sys.executable, "-c", BRIEF))
    content = spoken()

    async def act(bench):
        voice, job_id = await ordered(bench, content)
        cloner = Cloner(bench.backend, tmp_path / "work" / "voices", steps=1)
        try:
            seen = []

            async def look():
                while True:
                    seen.append((await bench.backend.jobs.get(job_id)).progress)
                    await asyncio.sleep(0.1)

            looking = asyncio.ensure_future(look())
            await cloner.handle(job_id)
            looking.cancel()
        finally:
            await cloner.close()
        job = await bench.backend.jobs.get(job_id)
        assert (job.state, job.error) == (State.SUCCEEDED, None)
        assert any(0 < progress < 1 for progress in seen)
        made = await VoiceStore(bench.backend.database).get(voice.id, bench.tenant_id)
        text, consent = await read_voice(bench.backend.files, made)
        assert made.digest == digest_of(text, consent)
        assert json.loads(text)["consent_sha256"] == hashlib.sha256(consent.encode()).hexdigest()
        told = json.loads(consent)
        assert (told["speaker"], told["statement"]) == ("Ada Lovelace", STATEMENT)
        assert told["references"][0]["sha256"] == hashlib.sha256(content).hexdigest()
        assert -1 <= made.facts["judged"]["voice"] <= 1
        assert list((tmp_path / "work" / "voices").iterdir()) == []
        assert list((await bench.backend.jobs.page(bench.tenant_id))[0]) == [], "it is no video"

    play(act)


def test_a_recording_that_is_no_speech_is_told(play, tmp_path):
    pytest.importorskip("torch")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16000))

    async def act(bench):
        _, job_id = await ordered(bench, buffer.getvalue())
        cloner = Cloner(bench.backend, tmp_path / "work" / "voices")
        try:
            await cloner.handle(job_id)
        finally:
            await cloner.close()
        job = await bench.backend.jobs.get(job_id)
        assert job.state == State.FAILED
        assert job.error["code"] in ("ReferenceUnsuitable", "AudioSilent", "WeightsMissing")
        assert job.error["fix"]

    play(act)


def test_a_voice_that_is_deleted_while_it_is_made_is_made_no_further(play, tmp_path):
    content = spoken()

    async def act(bench):
        voice, job_id = await ordered(bench, content)
        cloner = Cloner(bench.backend, tmp_path / "work" / "voices")
        try:
            making = asyncio.ensure_future(cloner.handle(job_id))
            while (await bench.backend.jobs.get(job_id)).state == State.QUEUED:
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.5)
            await VoiceStore(bench.backend.database).delete(voice, "key_x")
            await bench.backend.jobs.cancel(job_id, bench.tenant_id)
            async with asyncio.timeout(10):
                await making
        finally:
            await cloner.close()
        assert (await bench.backend.jobs.get(job_id)).state == State.CANCELLED
        assert await bench.backend.files.delete(folder_of(bench.tenant_id, voice.id)) == 0

    play(act)


def test_a_database_that_is_away_while_progress_is_noted_stops_no_voice(play, tmp_path, monkeypatch):
    told = {"voice": "{}", "consent": "{}", "facts": {}}
    script = f"""
import json, sys
print(json.dumps({{'ready': True}}), flush=True)
for line in sys.stdin:
    print(json.dumps({{'event': {{'progress': 0.1}}}}), flush=True)
    print(json.dumps({{'result': {told!r}}}), flush=True)
"""
    monkeypatch.setattr(cloner_module, "_COMMAND", (sys.executable, "-c", script))

    async def act(bench):
        voice, job_id = await ordered(bench, b"x")
        cloner = Cloner(bench.backend, tmp_path / "work" / "voices")

        async def away(*_, **__):
            raise OSError("the database is away")

        monkeypatch.setattr(bench.backend.jobs, "progress", away)
        try:
            await cloner.handle(job_id)
        finally:
            await cloner.close()
        assert (await bench.backend.jobs.get(job_id)).state == State.SUCCEEDED
        assert (await VoiceStore(bench.backend.database).get(voice.id, bench.tenant_id)).file

    play(act)


def test_a_voice_whose_process_dies_is_tried_three_times(play, tmp_path, monkeypatch):
    dies = "import sys; print('{\"ready\": true}', flush=True); sys.stdin.readline(); sys.exit(9)"
    monkeypatch.setattr(cloner_module, "_COMMAND", (sys.executable, "-c", dies))

    async def act(bench):
        _, job_id = await ordered(bench, b"sound")
        cloner = Cloner(bench.backend, tmp_path / "work" / "voices")
        try:
            for attempt in (1, 2):
                with pytest.raises(RenderDied):
                    await cloner.handle(job_id)
                job = await bench.backend.jobs.get(job_id)
                assert (job.state, job.attempt) == (State.RUNNING, attempt)
            await cloner.handle(job_id)
        finally:
            await cloner.close()
        job = await bench.backend.jobs.get(job_id)
        assert (job.state, job.attempt, job.error["code"]) == (State.FAILED, 3, "WorkerLost")
        assert list((tmp_path / "work" / "voices").iterdir()) == []

    play(act)


@needs_kokoro
def test_a_video_speaks_with_a_voice_of_its_tenant_and_with_no_deleted_one(play):
    async def act(bench):
        voice = await ready_voice(bench)
        with_it = await bench.submit(voice=voice.id, text="Hi.")
        task = asyncio.ensure_future(work(bench.backend, ["portrait"]))
        try:
            done = await bench.ended(with_it)
            assert (done.state, done.error) == (State.SUCCEEDED, None)
            assert done.result["engines"]["speech"] == "kokoro"
            await VoiceStore(bench.backend.database).delete(voice, "key_x")
            gone = await bench.ended(await bench.submit(voice=voice.id, text="Hi again."))
        finally:
            task.cancel()
            await asyncio.wait({task})
        assert (gone.state, gone.error["code"]) == (State.FAILED, "VoiceGone")

    play(act)
