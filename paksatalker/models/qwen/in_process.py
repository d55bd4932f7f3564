"""A chat model in this process, by transformers: for graphics cards, and any folder that transformers saves."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from paksatalker.errors import EngineUnavailable, WeightsCorrupt

_POLL_S = 0.2  # how often a waiting reader looks whether the writing has failed


class ChatModel:
    """A causal language model with its tokeniser and chat template.

    Only local files are read, only safetensors, and no code that comes with a model is run.

    Args:
        folder: As ``save_pretrained`` writes it.
        device: ``cuda``, ``mps`` or ``cpu``; empty takes the best there is.

    Raises:
        EngineUnavailable: There is no such folder.
        WeightsCorrupt: It holds no model that transformers reads.
    """

    def __init__(self, folder: Path, device: str = "") -> None:
        what = f"the language model {folder} cannot be used"
        if not folder.is_dir():
            raise EngineUnavailable(what, "it is no folder", "Set PAKSATALKER_QWEN_MODEL_PATH to a model's folder")
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        quiet: Any = logging
        quiet.disable_progress_bar()
        self._device = device or _best_device(torch)
        options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, **options)
            model: Any = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, dtype="auto", **options)
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            raise WeightsCorrupt(what, reason, "Give the whole folder of a chat model in safetensors") from error
        if not self._tokenizer.chat_template:
            raise WeightsCorrupt(what, "it has no chat template", "Give an Instruct or Chat model")
        self._model = model.to(self._device).eval()

    def stream(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        temperature: float,
        seed: int,
        max_tokens: int,
        penalty: float = 0.0,
    ) -> Iterator[str]:
        """Answers with the text as it is written. Closing the iterator stops the writing.

        Args:
            messages: ``role`` and ``content`` each.
            temperature: 0 takes the likeliest words.
            seed: Of the choice of words.
            max_tokens: Longest answer.
            penalty: 0–2: how much words that were used are avoided.
        """
        from transformers import StoppingCriteriaList, TextIteratorStreamer

        streamer: Any = TextIteratorStreamer(
            self._tokenizer, skip_prompt=True, skip_special_tokens=True, timeout=_POLL_S
        )
        stop = threading.Event()
        order = {
            **self._question(messages),
            **_sampling(temperature),
            "max_new_tokens": max_tokens,
            "repetition_penalty": 1.0 + penalty / 4,
            "streamer": streamer,
            "stopping_criteria": StoppingCriteriaList([lambda ids, _scores, **_: _all(ids, stop)]),
        }
        failures: list[BaseException] = []
        worker = threading.Thread(target=self._write, args=(order, seed, streamer, failures), daemon=True)
        worker.start()
        try:
            yield from _read(streamer, worker)
        finally:
            stop.set()
            worker.join()
        if failures:
            raise EngineUnavailable(
                "the language model cannot write",
                " ".join(str(failures[0]).split())[:200],
                "Free memory, or set a smaller model",
            ) from failures[0]

    def _question(self, messages: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
        """What was said so far, as the model reads it."""
        inputs: Any = self._tokenizer.apply_chat_template(
            [dict(message) for message in messages],
            add_generation_prompt=True,
            enable_thinking=False,  # of Qwen3; other templates pass over it
            return_tensors="pt",
            return_dict=True,
        )
        question: Mapping[str, Any] = inputs.to(self._device)
        return question

    def _write(self, order: dict[str, Any], seed: int, streamer: Any, failures: list[BaseException]) -> None:
        import torch

        try:
            devices = [0] if self._device == "cuda" else []
            with torch.random.fork_rng(devices), torch.inference_mode():
                torch.manual_seed(seed)
                self._model.generate(**order)
        except Exception as error:  # noqa: BLE001  (handed to the reader)
            failures.append(error)
            streamer.end()


def _sampling(temperature: float) -> dict[str, Any]:
    return {"do_sample": True, "temperature": temperature, "top_p": 0.9} if temperature > 0 else {"do_sample": False}


def _read(streamer: Any, worker: threading.Thread) -> Iterator[str]:
    import queue

    while True:
        try:
            part = next(streamer)
        except StopIteration:
            return
        except queue.Empty:
            if not worker.is_alive():
                with suppress(queue.Empty, StopIteration):
                    yield from streamer
                return
            continue
        if part:
            yield part


def _all(ids: Any, stop: threading.Event) -> Any:
    """One answer for each row of the batch, as transformers asks for it."""
    import torch

    return torch.full((ids.shape[0],), stop.is_set(), device=ids.device, dtype=torch.bool)


def _best_device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
