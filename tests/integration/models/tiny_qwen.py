"""Tiny random Qwen2 models, made on the spot: they write nonsense, through the same code as real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

LAYERS, WIDTH, HEADS, INNER, CONTEXT = 1, 64, 4, 128, 2048
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def byte_alphabet() -> list[str]:
    """The 256 letters that byte-level BPE writes bytes with."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, extra = {byte: chr(byte) for byte in printable}, 0
    for byte in range(256):
        if byte not in letters:
            letters[byte] = chr(256 + extra)
            extra += 1
    return [letters[byte] for byte in range(256)]


def write_gguf(path: Path) -> Path:
    import gguf

    rng = np.random.default_rng(0)
    tokens = [*byte_alphabet(), *SPECIAL]
    out = gguf.GGUFWriter(path, "qwen2")
    out.add_context_length(CONTEXT)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(INNER)
    out.add_head_count(HEADS)
    out.add_head_count_kv(HEADS)
    out.add_rope_freq_base(10000.0)
    out.add_layer_norm_rms_eps(1e-6)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(tokens)
    out.add_token_types([gguf.TokenType.NORMAL] * 256 + [gguf.TokenType.CONTROL] * len(SPECIAL))
    out.add_token_merges(["Ġ t"])
    out.add_eos_token_id(258)
    out.add_pad_token_id(256)
    out.add_add_bos_token(False)
    out.add_chat_template(TEMPLATE)

    def tensor(name: str, *shape: int, ones: bool = False) -> None:
        values = np.ones(shape) if ones else rng.normal(0, 0.1, shape)
        out.add_tensor(name, values.astype(np.float32))

    tensor("token_embd.weight", len(tokens), WIDTH)
    tensor("output_norm.weight", WIDTH, ones=True)
    tensor("output.weight", len(tokens), WIDTH)
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        for name in ("attn_norm", "ffn_norm"):
            tensor(f"{block}.{name}.weight", WIDTH, ones=True)
        for name in ("attn_q", "attn_k", "attn_v"):
            tensor(f"{block}.{name}.weight", WIDTH, WIDTH)
            tensor(f"{block}.{name}.bias", WIDTH)
        tensor(f"{block}.attn_output.weight", WIDTH, WIDTH)
        tensor(f"{block}.ffn_gate.weight", INNER, WIDTH)
        tensor(f"{block}.ffn_up.weight", INNER, WIDTH)
        tensor(f"{block}.ffn_down.weight", WIDTH, INNER)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return path


def write_folder(path: Path) -> Path:
    from tokenizers import Tokenizer
    from tokenizers.decoders import ByteLevel as Decoder
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM, set_seed

    vocabulary = {token: number for number, token in enumerate([*byte_alphabet(), *SPECIAL])}
    tokeniser = Tokenizer(BPE(vocabulary, []))
    tokeniser.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokeniser.decoder = Decoder()
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokeniser, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=TEMPLATE
    )
    wrapped.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    wrapped.save_pretrained(path)
    set_seed(0)
    config = Qwen2Config(
        vocab_size=len(vocabulary),
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=CONTEXT,
        eos_token_id=258,
        pad_token_id=256,
    )
    Qwen2ForCausalLM(config).save_pretrained(path)
    return path
