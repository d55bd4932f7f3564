"""The writers that PaksaTalker brings, for the registry: light to import."""

from __future__ import annotations

from paksatalker.core.engines import Capabilities, EngineInfo

#: The entry of the weights manifest that writes where nothing else is named.
QWEN = "qwen2.5-coder-1.5b"

#: Qwen's own list is longer.
_LANGUAGES = (
    "en",
    "es",
    "fr",
    "de",
    "pt",
    "it",
    "hi",
    "ur",
    "zh",
    "ja",
    "ar",
    "ru",
    "ko",
)

LLAMACPP = EngineInfo(
    name="llamacpp",
    stage="writer",
    capabilities=Capabilities(
        "text", "text", _LANGUAGES, licence="Apache-2.0", summary="Qwen on this computer, by llama.cpp"
    ),
    factory="paksatalker.core.text.writing.embedded:EmbeddedModel",
    requires=("openai", "xllamacpp"),
    install="pip install 'paksatalker[qwen]'",
    priority=10,
    weights=(QWEN,),
    setting="qwen_model_path",
)

OPENAI = EngineInfo(
    name="openai",
    stage="writer",
    capabilities=Capabilities(
        "text",
        "text",
        _LANGUAGES,
        licence="the server's",
        summary="any OpenAI-compatible server: vLLM, Ollama, DashScope",
    ),
    factory="paksatalker.core.text.writing.remote:RemoteModel",
    requires=("openai",),
    install="pip install 'paksatalker[qwen]'",
    priority=20,
    setting="llm_url",
)

TRANSFORMERS = EngineInfo(
    name="transformers",
    stage="writer",
    capabilities=Capabilities(
        "text", "text", _LANGUAGES, licence="the model's", summary="Qwen in this process, by transformers, for GPUs"
    ),
    factory="paksatalker.core.text.writing.local:LocalModel",
    requires=("torch", "transformers"),
    install="pip install 'paksatalker[qwen-gpu]'",
    priority=5,
    setting="qwen_model_path",
)
