"""Signs the sounds that the API makes."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paksatalker.api.services.speaking import encoded
from paksatalker.core.provenance.certificates import credentials
from paksatalker.core.provenance.manifests import Origin, Provenance
from paksatalker.core.provenance.signing import Seal, inputs_of
from paksatalker.core.request import SpeechRequest
from paksatalker.errors import PaksaTalkerError
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.sound_manifests import SoundManifests

if TYPE_CHECKING:
    from paksatalker.api.services.streaming import Stream
    from paksatalker.core.pipeline import Pipeline

_log = logging.getLogger(__name__)
_IN_MEMORY = 4 << 20  # bytes of a sound; longer ones are kept on the disk until they are signed


@dataclass(frozen=True, slots=True)
class Manifest:
    """What comes after the sound."""

    content: bytes


class Vouching:
    """Has the service's certificate, read when it is first needed.

    Args:
        settings: Of the service.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._signer: Provenance | None = None

    async def signer(self) -> Provenance:
        """What signs.

        Raises:
            SettingsInvalid: The certificate cannot be used.
            OutputUnwritable: None can be made.
        """
        if self._signer is None:
            found = await asyncio.to_thread(credentials, self._settings)
            self._signer = Provenance(found, self._settings.c2pa_timestamp_url)
        return self._signer


def vouched(
    pipeline: Pipeline, request: SpeechRequest, signer: Provenance, name: str, cancel: threading.Event
) -> Iterator[bytes | Manifest]:
    """Speaks a text into an encoded stream, and signs what was sent.

    Args:
        pipeline: Speaks.
        request: What.
        signer: Signs.
        name: Of the sound, with its format: ``spe_….mp3``.
        cancel: Set when it is not wanted any more.

    Yields:
        Some of the stream for every piece of speech, then the manifest that goes beside it.
    """
    engines: dict[str, str] = {}
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as sent:
        for piece in encoded(pipeline, request, Path(name).suffix.removeprefix("."), cancel, engines):
            sent.write(piece)
            yield piece
        if cancel.is_set():
            return
        sent.seek(0)
        try:
            yield Manifest(signer.vouch(sent, name, Origin(engines, inputs_of(request), name)))
        except PaksaTalkerError as error:  # the sound has been sent already
            _log.error("a sound has no manifest: %s", error.message)


def sealed(
    pipeline: Pipeline, request: SpeechRequest, signer: Provenance, path: Path, cancel: threading.Event
) -> Iterator[bytes]:
    """Speaks a text into a file that carries its manifest.

    Args:
        pipeline: Speaks.
        request: What.
        signer: Signs.
        path: The file; its suffix is its format.
        cancel: Set when it is not wanted any more.

    Yields:
        Nothing, for every piece of speech.
    """
    from paksatalker.core.audio.sound_file import SoundFile

    with Seal(signer, path, path.suffix.removeprefix(".")) as seal, SoundFile(path) as file:
        source = pipeline.speech(request, cancel)
        for piece in source.pieces():
            file.write(piece.samples, piece.sample_rate)
            yield b""
        file.complete()
        seal.sign(file.unfinished, request, {source.stage: source.engine})


async def kept(
    stream: Stream[bytes | Manifest], manifests: SoundManifests, tenant_id: str, sound: str
) -> AsyncIterator[bytes]:
    """The sound; when it ends its manifest can be had."""
    async for piece in stream:
        if isinstance(piece, bytes):
            yield piece
            continue
        try:
            await manifests.put(tenant_id, sound, piece.content)
        except PaksaTalkerError as error:
            _log.error("the manifest of a sound cannot be stored: %s", error.message)
