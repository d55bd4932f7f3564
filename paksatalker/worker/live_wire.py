"""What a live portrait's process and the API say to each other."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from paksatalker.core.timeline import Phone, Prosody, Speech, Word

#: Before each message of the process: its kind, the number of a frame, and how many bytes follow.
HEADER = struct.Struct("<BII")
EVENT, FRAME = 0, 1


def spoken(piece: Speech) -> dict[str, Any]:
    """What a face needs to know of a piece of speech, as JSON data: all but the sound itself."""
    prosody = piece.prosody
    return {
        "samples": len(piece.samples), "rate": piece.sample_rate, "start": piece.start, "text": piece.text[-40:],
        "emotion": piece.emotion, "intensity": piece.intensity,
        "phones": [[phone.symbol, phone.start, phone.end, phone.stress] for phone in piece.phones],
        "prosody": prosody and {
            "rate": prosody.rate, "pauses": prosody.pauses, "energy": prosody.energy.round(4).tolist(),
            "voiced": prosody.voiced.tolist(), "accent": prosody.accent.round(4).tolist(),
        },
    }  # fmt: skip


def heard(data: dict[str, Any]) -> Speech:
    """The piece that :func:`spoken` has written down; it is silent."""
    phones = tuple(Phone(*values) for values in data["phones"])
    words = (Word("", phones[0].start, phones[-1].end, phones),) if phones else ()
    return Speech(
        samples=np.zeros(data["samples"], np.float32), sample_rate=data["rate"], start=data["start"], words=words,
        text=data["text"], emotion=data["emotion"], intensity=data["intensity"],
        prosody=None if data["prosody"] is None else _prosody(data["prosody"]),
    )  # fmt: skip


def _prosody(data: dict[str, Any]) -> Prosody:
    energy = np.array(data["energy"], np.float32)
    return Prosody(
        rate=data["rate"], f0=np.zeros(len(energy), np.float32), energy=energy,
        voiced=np.array(data["voiced"], bool), accent=np.array(data["accent"], np.float32),
        pauses=tuple((start, end) for start, end in data["pauses"]),
    )  # fmt: skip


def event(**values: Any) -> bytes:
    """A message of the process that is no frame."""
    body = json.dumps(values).encode()
    return HEADER.pack(EVENT, 0, len(body)) + body
