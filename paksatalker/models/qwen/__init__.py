"""Qwen: a server on this computer for GGUF files, and transformers in this process for model folders."""
