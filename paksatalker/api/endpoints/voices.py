"""Voices that resemble a speaker, with their consent: asked for, listed, deleted."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from paksatalker.api.deps import BackendOf, allowed
from paksatalker.api.endpoints.catalogue import stock_names
from paksatalker.api.errors import ApiError, answers, not_found
from paksatalker.api.models.voices import CloneBody, CloneOut, ClonePage
from paksatalker.api.services.lanes import note_of
from paksatalker.api.services.submitting import ring
from paksatalker.core.audio.cloning.consent import Reference, consent_for
from paksatalker.errors import ConsentMissing
from paksatalker.service.admission import NewJob
from paksatalker.service.assets import AssetStore
from paksatalker.service.backend import Backend
from paksatalker.service.keys import Caller
from paksatalker.service.states import VOICES
from paksatalker.service.tables import Asset, Voice
from paksatalker.service.voices import VoiceStore, VoiceTaken, folder_of

router = APIRouter(prefix="/voices/clones", tags=["voices"])
User = Annotated[Caller, Depends(allowed("voices"))]
VoiceId = Annotated[str, Path(max_length=64, examples=["voi_3dSXQTLIH7cLKJ9G1xvbFQ"])]


@router.post(
    "", status_code=202, summary="Make a voice that resembles a speaker", responses=answers(403, 409)
)  # fmt: skip
async def clone(body: CloneBody, request: Request, response: Response, caller: User, backend: BackendOf) -> CloneOut:
    """With the speaker's consent only. It takes a minute or two; ask again at `Location`.

    What comes out is a resemblance of the speaker, not the speaker: see `facts.judged`.
    """
    if body.name in await asyncio.to_thread(stock_names):
        why, fix = f"'{body.name}' is a voice of everybody's", "Choose another name"
        raise ApiError(409, "NameTaken", "the voice is not made", why=why, fix=fix)
    recordings = [await _recording(backend, caller, asset_id) for asset_id in dict.fromkeys(body.references)]
    voice = await _noted(backend, caller, body, recordings)
    recorded = {f"recording_{n}": asset.id for n, asset in enumerate(recordings)}
    wanted = {"voice": voice.id, "seed": body.seed, **recorded}
    digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
    job, _ = await backend.jobs.create(NewJob(caller.tenant_id, caller.key_id, VOICES, wanted, digest))
    await VoiceStore(backend.database).queued(voice, job.id)
    await ring(backend, job)
    response.headers["Location"] = f"{request.url.path}/{voice.id}"
    return CloneOut.of(voice, job, await note_of(backend, job))


async def _recording(backend: Backend, caller: Caller, asset_id: str) -> Asset:
    """Raises: ApiError: 422, there is none, or it is no recording."""
    asset = await AssetStore(backend.database, backend.settings.storage_bytes).get(asset_id, caller.tenant_id)
    what = "the reference cannot be used"
    if asset is None:
        why, fix = f"there is no asset {asset_id}", "Upload it: POST /api/v1/assets"
        raise ApiError(422, "NoSuchAsset", what, why=why, fix=fix)
    if asset.kind != "audio":
        raise ApiError(422, "WrongAsset", what, why=f"it is of kind {asset.kind}", fix="Give one of kind audio")
    return asset


async def _noted(backend: Backend, caller: Caller, body: CloneBody, recordings: list[Asset]) -> Voice:
    """Raises: ApiError: 422, there is no consent. 409, the name is taken."""
    references = tuple(Reference(asset.name, asset.sha256) for asset in recordings)
    try:
        consent = consent_for(body.name, body.consent, references)
    except ConsentMissing as error:
        fix = "Give in `consent` what the speaker says, with their name: I am Ada Lovelace and I agree that …"
        raise ApiError(422, error.code, error.what, why=error.why, fix=fix) from None
    record = asdict(consent) | {"references": [asdict(reference) for reference in references]}
    try:
        return await VoiceStore(backend.database).create(caller.tenant_id, caller.key_id, body.name, record)
    except VoiceTaken as error:
        fix = "Choose another name, or delete the voice"
        raise ApiError(409, "NameTaken", "the voice is not made", why=str(error), fix=fix) from None


@router.get("", summary="List voices of your own", responses=answers(403))
async def clones(caller: User, backend: BackendOf) -> ClonePage:
    """Newest first, also those that are being made."""
    rows = await VoiceStore(backend.database).all(caller.tenant_id)
    return ClonePage(items=[CloneOut.of(voice, job) for voice, job in rows])


@router.get("/{voice_id}", summary="One voice of your own", responses=answers(403, 404))
async def get_clone(voice_id: VoiceId, caller: User, backend: BackendOf) -> CloneOut:
    """How far it is, whose consent it has, and how alike it is."""
    voice = await _voice(backend, caller, voice_id)
    job = await backend.jobs.get(voice.job_id) if voice.job_id else None
    return CloneOut.of(voice, job, "" if job is None else await note_of(backend, job))


@router.delete("/{voice_id}", status_code=204, summary="Delete a voice of your own", responses=answers(403, 404))
async def delete_clone(voice_id: VoiceId, caller: User, backend: BackendOf) -> None:
    """At once, also while it is being made: consent may be taken back. Videos that still wait for it will fail."""
    voice = await _voice(backend, caller, voice_id)
    await VoiceStore(backend.database).delete(voice, caller.key_id)
    if voice.job_id is not None:
        await backend.jobs.cancel(voice.job_id, caller.tenant_id)
    await backend.files.delete(folder_of(caller.tenant_id, voice.id))


async def _voice(backend: Backend, caller: Caller, voice_id: str) -> Voice:
    voice = await VoiceStore(backend.database).get(voice_id, caller.tenant_id)
    if voice is None:
        raise not_found("voice")
    return voice
