from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from paksatalker.core.timeline import Phone, Prosody, Speech, Word

RATE = 100.0


def prosody_of(phones: Sequence[Phone], start: float, end: float, accent: bool = True) -> Prosody:
    """Loud vowels, quiet consonants, silence elsewhere; accents on stressed vowels."""
    count = round((end - start) * RATE)
    times = start + np.arange(count) / RATE
    energy, accents = np.zeros(count), np.zeros(count)
    for phone in phones:
        inside = (times >= phone.start) & (times < phone.end)
        energy[inside] = 0.9 if phone.stress else 0.55
        if phone.stress == 1 and accent:
            accents = np.maximum(accents, np.exp(-(((times - (phone.start + phone.end) / 2) / 0.07) ** 2)))
    edges = [start, *(t for p in phones for t in (p.start, p.end)), end]
    pauses = tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= 0.15)
    return Prosody(
        RATE,
        np.where(energy > 0.5, 120, 0).astype(np.float32),
        energy.astype(np.float32),
        energy > 0.5,
        accents.astype(np.float32),
        pauses,
    )


def speech_of(
    symbols: str,
    start: float = 0.0,
    lead: float = 0.3,
    tail: float = 0.6,
    pace: float = 0.08,
    prosody: bool = True,
    **more,
) -> Speech:
    """Speech from ARPAbet with stress digits; a number is a pause in seconds.

    ``speech_of("HH AH0 L OW1 0.5 M AA1")``
    """
    clock = start + lead
    phones = []
    for token in symbols.split():
        if token[0].isdigit():
            clock += float(token)
            continue
        name, stress = (token[:-1], int(token[-1])) if token[-1].isdigit() else (token, 0)
        length = pace * (1.5 if stress else 1.0)
        phones.append(Phone(name, round(clock, 6), round(clock + length, 6), stress))
        clock += length
    end = round(clock + tail, 2)
    words = (Word("words", phones[0].start, phones[-1].end, tuple(phones)),) if phones else ()
    samples = np.zeros(round((end - start) * 16000), np.float32)
    track = prosody_of(phones, start, end) if prosody else None
    return Speech(samples, 16000, start, words, more.pop("text", "words"), track, **more)


@pytest.fixture
def sentence() -> Speech:
    """Every viseme at least once, two phrases."""
    return speech_of(
        "P IY1 T ER0 M EY1 B IY0 F AW1 N D 0.45 DH AH0 CH UW1 Z IH0 NG W AO1 SH R UW1 M S 0.1 V EH1 R IY0 OW1 L D Y AY1"
        " HH AE1 K OY1 TH G UH1 JH ZH AA1 P"
    )


@pytest.fixture(scope="session")
def make_speech():
    return speech_of
