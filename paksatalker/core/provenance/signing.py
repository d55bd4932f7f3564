"""Signs what pipelines make: a certificate is looked for before work begins, the file is signed when it is whole."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from paksatalker.config.signing import SigningSettings, get_signing_settings
from paksatalker.core.files import check_place, take_place, unfinished_name, write_error
from paksatalker.errors import EngineUnavailable, OutputUnwritable
from paksatalker.requirements import require_extra

if TYPE_CHECKING:
    from paksatalker.core.provenance.manifests import Provenance
    from paksatalker.core.request import SpeechRequest

#: Where the manifest of a file is.
Place = Literal["none", "embedded", "sidecar"]
_BY_NAME = ("text_file", "dictionary")
_OF_VIDEOS = ("brief", "audio", "transcript", "reference_video")


def need_signing() -> None:
    """Refuses with the command that installs what signing needs.

    Raises:
        EngineUnavailable: It is not installed.
    """
    require_extra("nothing can be signed", "provenance", "c2pa", "cryptography")


def find_signer(wanted: bool | None = None, settings: SigningSettings | None = None) -> Provenance | None:
    """What signs, if anything does.

    Args:
        wanted: True signs, with a certificate that is made if there is none; False does not; None signs if there is a
            certificate: the operator's, or one that ``paksatalker keys provenance`` or the service has made.
        settings: Where certificates are; None reads the environment.

    Raises:
        EngineUnavailable: It is wanted, or the operator has set a certificate, and what signs is not installed.
        SettingsInvalid: The certificate cannot be used.
        OutputUnwritable: One of our own cannot be made.
    """
    if wanted is False:
        return None
    chosen = settings or get_signing_settings()
    set_by_operator = chosen.c2pa_certificate is not None or chosen.c2pa_private_key is not None
    if wanted is None and not set_by_operator and not (chosen.own_certificate / "certificates.pem").exists():
        return None
    try:
        need_signing()
    except EngineUnavailable:
        if wanted or set_by_operator:
            raise
        return None  # the certificate is another installation's
    from paksatalker.core.provenance.certificates import credentials
    from paksatalker.core.provenance.manifests import Provenance

    return Provenance(credentials(chosen), chosen.c2pa_timestamp_url)


class Seal:
    """Signs one file before it takes its name; a context manager.

    What can carry no manifest gets it as a file beside it, which appears when the ``with`` block has been left without
    an error.

    Args:
        signer: Signs; None leaves everything as it is.
        path: What the file will be called.
        format: Of the file, e.g. ``mp4``.

    Raises:
        OutputUnwritable: The file beside it cannot be written; found out before any work is done.
    """

    def __init__(self, signer: Provenance | None, path: Path, format: str) -> None:  # noqa: A002  (as elsewhere)
        self._signer, self._title, self._suffix = signer, path.name, f".{format}"
        self.sidecar: Path | None = None
        self._part: Path | None = None
        if signer is not None:
            from paksatalker.core.provenance.manifests import SIDECAR, embeds

            if not embeds(self._suffix):
                self.sidecar = path.with_suffix(SIDECAR)
                check_place(self.sidecar)

    @property
    def place(self) -> Place:
        """Where the manifest is."""
        if self._signer is None:
            return "none"
        return "embedded" if self.sidecar is None else "sidecar"

    def __enter__(self) -> Self:
        return self

    def sign(self, file: Path, request: SpeechRequest, engines: dict[str, str]) -> None:
        """Signs a file that is whole, and may still have another name.

        Args:
            file: Where it is.
            request: What it was made of.
            engines: Name of the engine of each stage.

        Raises:
            DiskFull: There is no room.
            OutputUnwritable: It cannot be signed.
        """
        if self._signer is None:
            return
        from paksatalker.core.provenance.manifests import Origin

        origin = Origin(engines, inputs_of(request), self._title)
        manifest = self._signer.seal(file, self._suffix, origin)
        if self.sidecar is not None:
            self._part = unfinished_name(self.sidecar.resolve())
            try:
                self._part.write_bytes(manifest)
            except OSError as error:
                raise self._translated(error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._part is None or self.sidecar is None:
            return
        try:
            if kind is None:
                take_place(self._part, self.sidecar.resolve())
        except OSError as failure:
            raise self._translated(failure) from failure
        finally:
            with suppress(OSError):
                self._part.unlink(missing_ok=True)

    def _translated(self, error: OSError) -> Exception:
        assert self.sidecar is not None
        what = f"cannot write {self.sidecar}"
        return write_error(error, self.sidecar) or OutputUnwritable(what, str(error), "Choose another place")


def inputs_of(request: SpeechRequest) -> dict[str, str]:
    """SHA-256 of everything that a request names: a manifest travels with its file, and tells nobody's texts."""
    found = {"text": _digest(request.text)}
    found |= {name: _digest(getattr(request, name), file=True) for name in _BY_NAME}
    if hasattr(request, "image"):
        found["portrait"] = _digest(request.image, file=True)
        found |= {name: _digest(getattr(request, name, None), file=name != "brief") for name in _OF_VIDEOS}
        found["background"] = _digest(Path(getattr(request, "background", "")), file=True)  # unless it is a colour
    return {name: digest for name, digest in found.items() if digest is not None}


def _digest(value: Any, *, file: bool = False) -> str | None:
    """SHA-256 of a text, of a file's bytes, or of pixels; None of nothing, and of what can be read only once."""
    if value is None:
        return None
    if file and isinstance(value, (str, Path)):
        path = Path(value)
        with suppress(OSError, ValueError):
            if path.is_file():
                with path.open("rb") as opened:
                    return hashlib.file_digest(opened, "sha256").hexdigest()
        return None if isinstance(value, Path) else _digest(value)
    if isinstance(value, (str, bytes)):
        return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()
    pixels = value.tobytes() if hasattr(value, "tobytes") else None  # numpy's and Pillow's pictures
    return None if pixels is None else hashlib.sha256(pixels).hexdigest()
