"""Where a video or a sound comes from, signed (C2PA): made by a machine, by which engines, from which files.

Anybody can read the manifest with any C2PA tool, and see whether the file was changed after it was made. It is inside
the file where the file has a place for it, and beside every file besides (a sidecar). That of a stream is signed over
its playlist, and names the hash of every piece.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

import c2pa

from paksatalker.core.files import take_place, unfinished_name
from paksatalker.core.provenance.certificates import Credentials
from paksatalker.errors import DiskFull, OutputUnwritable

#: Media type by extension, of what can carry a manifest; WebM has no place for one (C2PA 2.2), Ogg not in our library.
MEDIA_TYPES = {
    ".mp4": "video/mp4", ".gif": "image/gif", ".jpg": "image/jpeg",
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".m4a": "audio/mp4",
}  # fmt: skip
#: Of what is signed as it lies there, byte for byte.
_OTHER_TYPES = {
    ".webm": "video/webm", ".m3u8": "application/vnd.apple.mpegurl", ".ogg": "audio/ogg", ".opus": "audio/ogg",
    ".aac": "audio/aac", ".pcm": "audio/pcm",
}  # fmt: skip
SIDECAR = ".c2pa"
_IN_MEMORY = 4 << 20  # bytes
_BYTES = "application/octet-stream"
#: Of our own assertions.
LABEL, STREAM_LABEL = "paksatalker.generation", "paksatalker.stream"
#: IPTC's term for what a model has made.
AI_GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
#: Packages that decide what comes out; networks' weights are pinned by ours.
PACKAGES = (
    "paksatalker", "hibari-tts", "mediapipe", "onnxruntime", "torch", "faster-whisper", "piper-tts", "xllamacpp", "av",
    "opencv-contrib-python", "numpy",
)  # fmt: skip
_LOCAL: dict[str, Any] = {"remote_manifest_fetch": False, "ocsp_fetch": False}
_OFFLINE: dict[str, Any] = {"verify": _LOCAL, "builder": {"thumbnail": {"enabled": False}}}


@dataclass(frozen=True, slots=True)
class Origin:
    """What a video or a sound was made of.

    Attributes:
        engines: Name of the engine of each stage.
        inputs: SHA-256 of each input by its name, e.g. ``portrait``, ``text``.
        title: Name of the file.
        pieces: SHA-256 of each piece of a stream by its name.
    """

    engines: Mapping[str, str]
    inputs: Mapping[str, str]
    title: str
    pieces: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a manifest says, and whether it holds.

    Attributes:
        valid: The video is as it was when it was signed.
        problems: C2PA's codes of what is wrong, e.g. ``assertion.bmffHash.mismatch``.
        origin: What it was made of.
        versions: Of the packages that made it.
        ai_generated: Whether the manifest says so.
        signed_by: Organisation of the certificate.
    """

    valid: bool
    problems: tuple[str, ...]
    origin: Origin
    versions: Mapping[str, str]
    ai_generated: bool
    signed_by: str


class Provenance:
    """Signs files.

    Args:
        credentials: What signs.
        timestamp_url: An RFC 3161 server that stamps the time; empty is none, and nothing leaves this machine.
    """

    def __init__(self, credentials: Credentials, timestamp_url: str = "") -> None:
        self._credentials = credentials
        self._timestamp_url = timestamp_url

    def sign(self, video: Path, origin: Origin) -> bool:
        """Puts a signed manifest into a video, in place, and beside it, with the extension :data:`SIDECAR`.

        Args:
            video: A finished file; it stays as it was unless the manifest is in.
            origin: What it was made of.

        Returns:
            Whether it is in the file, too: False for a form of file that cannot carry one.

        Raises:
            DiskFull: There is no room for the signed file.
            OutputUnwritable: It cannot be signed.
        """
        manifest = self.seal(video, video.suffix, origin)
        try:
            video.with_suffix(SIDECAR).write_bytes(manifest)
        except OSError as error:
            raise _unsigned(video.name, error) from error
        return embeds(video.suffix)

    def seal(self, file: Path, suffix: str, origin: Origin) -> bytes:
        """Puts a signed manifest into a file, in place; a form of file that cannot carry one stays as it is.

        Args:
            file: Finished, whatever its name is.
            suffix: Of the name that it will have: what form it has.
            origin: What it was made of.

        Returns:
            The manifest.

        Raises:
            DiskFull: There is no room for the signed file.
            OutputUnwritable: It cannot be signed.
        """
        part, embedded = unfinished_name(file), embeds(suffix)
        try:
            with file.open("rb") as source, part.open("w+b") as signed:
                manifest = self._signed(_media_type(suffix), origin, source, signed, embedded=embedded)
            if embedded:
                take_place(part, file)
        except (c2pa.C2paError, OSError) as error:
            raise _unsigned(origin.title, error) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return manifest

    def vouch(self, content: bytes | IO[bytes], name: str, origin: Origin) -> bytes:
        """The manifest of something that is no file, to lie beside it.

        Args:
            content: Of the file, e.g. a playlist; or a stream of it, at its beginning.
            name: Of the file.
            origin: What it was made of.

        Raises:
            OutputUnwritable: It cannot be signed.
        """
        try:
            source = io.BytesIO(content) if isinstance(content, bytes) else content
            with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:  # the library wants to write one
                return self._signed(_media_type(Path(name).suffix), origin, source, copy, embedded=False)
        except c2pa.C2paError as error:
            raise _unsigned(name, error) from error

    # What is not embedded is signed as mere bytes: for a form that it knows the library would sign a file of its own.
    def _signed(self, media_type: str, origin: Origin, source: IO[bytes], to: IO[bytes], *, embedded: bool) -> bytes:
        with (
            self._signer() as signer,
            c2pa.Context.from_dict(_OFFLINE) as context,
            c2pa.Builder(_manifest(origin, media_type), context) as builder,
        ):
            if not embedded:
                builder.set_no_embed()
            manifest: bytes = builder.sign(signer, media_type if embedded else _BYTES, source, to)
        return manifest

    def _signer(self) -> Any:
        own = self._credentials
        url = self._timestamp_url.encode() or None
        return c2pa.Signer.from_info(
            c2pa.C2paSignerInfo(own.algorithm, own.chain.encode(), own.private_key.encode(), url)
        )


def embeds(suffix: str) -> bool:
    """Whether a form of file, by its suffix (``.mp4``), can carry a manifest."""
    return suffix.lower() in MEDIA_TYPES


def _media_type(suffix: str) -> str:
    kinds = MEDIA_TYPES | _OTHER_TYPES
    return kinds.get(suffix.lower(), _BYTES)


def _unsigned(name: str, error: Exception) -> DiskFull | OutputUnwritable:
    text = str(error)
    if "No space left" in text or "os error 28" in text:
        return DiskFull(f"cannot sign {name}", "the disk is full", "Free some space")
    return OutputUnwritable(f"cannot sign {name}", text, "See docs/deploy.md, provenance")


def _manifest(origin: Origin, media_type: str) -> dict[str, Any]:
    ours = version("paksatalker")
    stream = [{"label": STREAM_LABEL, "data": {"pieces": _hashes(origin.pieces)}}] if origin.pieces else []
    return {
        "claim_generator_info": [{"name": "PaksaTalker", "version": ours}],
        "title": origin.title,
        "format": media_type,
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "digitalSourceType": AI_GENERATED,
                            "softwareAgent": {"name": "PaksaTalker", "version": ours},
                        }
                    ]
                },
            },
            {
                "label": LABEL,
                "data": {
                    "versions": _versions(),
                    "engines": dict(origin.engines),
                    "inputs": _hashes(origin.inputs),
                },
            },
            *stream,
        ],
    }


def _hashes(digests: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"alg": "sha256", "hash": digest} for name, digest in digests.items()}


def _digests(hashes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {name: value["hash"] for name, value in hashes.items()}


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def check(video: Path, trusted: str = "", sidecar: bytes | None = None) -> Checked | None:
    """Reads and verifies the manifest of a file; None if it has none.

    Args:
        video: A file. Of a stream, its playlist; its pieces are for the caller to compare with ``origin.pieces``.
        sidecar: The manifest, if it is not in the file.
        trusted: Certificates (PEM) that are trusted; without any, everybody's signature is taken, and only changes of
            the video count as problems.

    Raises:
        FileNotFoundError: There is no such file.
    """
    media_type = _media_type(video.suffix) if video.suffix else "video/mp4"
    settings: dict[str, Any] = {"verify": {**_LOCAL, "verify_trust": bool(trusted)}}
    if trusted:
        settings["trust"] = {"trust_anchors": trusted}
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            video.open("rb") as file,
            c2pa.Reader(media_type, file, manifest_data=sidecar, context=context) as reader,
        ):
            report = json.loads(reader.json())
    except c2pa.C2paError as error:
        told = f"{type(error).__name__} {error}"
        if "ManifestNotFound" in told or (sidecar is None and "NotSupported" in told):
            return None
        return Checked(False, (str(error),), Origin({}, {}, ""), {}, False, "")
    return _checked(report)


def _checked(report: dict[str, Any]) -> Checked:
    manifest = report["manifests"][report["active_manifest"]]
    data = {assertion["label"]: assertion["data"] for assertion in manifest.get("assertions", ())}
    actions = [
        action for label, found in data.items() if label.startswith("c2pa.actions") for action in found["actions"]
    ]
    own = data.get(LABEL, {})
    failures = report.get("validation_results", {}).get("activeManifest", {}).get("failure", ())
    problems = tuple(str(failure["code"]) for failure in failures)
    return Checked(
        valid=report.get("validation_state") in ("Valid", "Trusted") and not problems,
        problems=problems,
        origin=Origin(
            own.get("engines", {}),
            _digests(own.get("inputs", {})),
            str(manifest.get("title", "")),
            _digests(data.get(STREAM_LABEL, {}).get("pieces", {})),
        ),
        versions=own.get("versions", {}),
        ai_generated=any(action.get("digitalSourceType") == AI_GENERATED for action in actions),
        signed_by=str(manifest.get("signature_info", {}).get("issuer", "")),
    )
