"""Voices of a tenant's own: found by name for those whose they are, and for nobody else."""

from __future__ import annotations

from paksatalker.api.errors import ApiError
from paksatalker.core.audio.tts.blend import lend
from paksatalker.service.backend import Backend
from paksatalker.service.tables import Voice
from paksatalker.service.voices import VoiceStore, read_voice


async def own_voice(backend: Backend, tenant_id: str, name: str) -> Voice | None:
    """The voice that a tenant calls so; None if it is none of its own.

    Raises:
        ApiError: 422, it is not made yet, or will never be; or it is written as an id and there is none.
    """
    voice = await VoiceStore(backend.database).named(name, tenant_id)
    what = "the voice cannot be used"
    if voice is None:
        if name.startswith("voi_"):
            raise ApiError(422, "NoSuchVoice", what, why=f"there is no voice {name}", fix="See GET /api/v1/voices")
        return None
    if voice.digest is None:
        fix = f"See GET /api/v1/voices/clones/{voice.id}"
        raise ApiError(422, "VoiceNotReady", what, why=f"the voice '{voice.name}' is not made", fix=fix)
    return voice


async def speakable(backend: Backend, tenant_id: str, name: str) -> str:
    """The name by which this process can speak with a voice: that of a tenant's own, or the same.

    Raises:
        ApiError: 422, as :func:`own_voice` has it, or its files are gone.
        ConsentMissing: The record of consent is not the one it was made with.
    """
    voice = await own_voice(backend, tenant_id, name)
    if voice is None:
        return name
    try:
        return lend(*await read_voice(backend.files, voice))
    except FileNotFoundError:
        what, why = "the voice cannot be used", f"the files of '{voice.name}' are gone"
        raise ApiError(422, "VoiceGone", what, why=why, fix="Make it again") from None
