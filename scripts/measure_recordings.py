"""Measures how well recordings are understood: words and phone times against speech whose text and timing are known.

Hibari speaks the sentences; what the recording engine hears is compared with what was said. Numbers are for
docs/recordings.md.
"""

from __future__ import annotations

import argparse
import difflib
import re
import resource
import tempfile
import time
import wave
from pathlib import Path

import numpy as np
import soxr

from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.engines import find
from paksatalker.core.timeline import Speech, Utterance

SENTENCES = (
    "Hello and welcome to the show.",
    "Today I want to explain how a single photo can learn to speak.",
    "We bought apples, pears, and a very large melon; then we left.",
    "The weather in the mountains changes quickly, so take a warm jacket with you.",
    "When the old train finally arrived, nobody was waiting at the station.",
    "My brother Daniel lives in Chicago with his wife and two children.",
    "Please send the report before noon on Friday.",
    "Could you tell me where the nearest library is?",
    "Twelve students visited the museum and drew what they saw.",
    "She opened the window because the room was much too hot.",
    "The doctor said that he should sleep more and work less.",
    "Our neighbours painted their house blue last summer.",
    "I have never seen such a beautiful garden in my life.",
    "Margaret moved to London when she was nineteen years old.",
    "The bridge was closed for repairs until the end of October.",
    "Would you rather have coffee or a cup of green tea?",
    "A good teacher listens before giving any advice.",
    "They walked along the beach and talked about the future.",
    "The company will open three new offices in Germany next year.",
    "If it rains tomorrow, we will stay at home and read.",
)


def plain(text: str) -> list[str]:
    """Words as they are compared: lower case, without marks."""
    return re.findall(r"[a-z0-9']+", text.lower().replace("12", "twelve").replace("19", "nineteen"))


def distance(said: list[str], heard: list[str]) -> int:
    """Words that are wrong, missing or too many."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def phone_errors(said: list[Speech], heard: list[Speech]) -> tuple[np.ndarray, int]:
    """Errors of phone starts, seconds, where the same phone was said and heard; and how many were said."""
    truth = [p for piece in said for p in piece.phones]
    found = [p for piece in heard for p in piece.phones]
    matcher = difflib.SequenceMatcher(None, [p.symbol for p in found], [p.symbol for p in truth], autojunk=False)
    pairs = [
        (i, j)
        for a, b, n in matcher.get_matching_blocks()
        for i, j in zip(range(a, a + n), range(b, b + n), strict=True)
    ]
    return np.array([found[i].start - truth[j].start for i, j in pairs]), len(truth)


def main() -> None:
    """Speaks, listens, compares, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--times", type=int, default=1, help="how often the sentences are said")
    parser.add_argument("--rate", type=int, default=44100, help="Hz of the recording")
    options = parser.parse_args()
    sentences = SENTENCES * options.times
    said = list(HibariSpeech().speak(Utterance(s, pause_after=0.45) for s in sentences))
    sound = soxr.resample(np.concatenate([p.samples for p in said]), said[0].sample_rate, options.rate)
    info = find("recording", options.engine)
    engine = info.create()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "speech.wav")
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, options.rate, 0, "NONE", ""))
            file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
        next(iter(engine.listen(path)))  # loads what there is to load
        started, used = time.perf_counter(), time.process_time()
        heard = list(engine.listen(path))
        seconds, used = time.perf_counter() - started, time.process_time() - used
    length = said[-1].end
    words = plain(" ".join(sentences))
    errors, phones = phone_errors(said, heard)
    early = np.abs(errors)
    print(f"{info.name}: {length:.0f} s of speech, {len(words)} words, {phones} phones")
    print(f"word error rate {distance(words, plain(' '.join(p.text for p in heard))) / len(words):.1%}")
    print(f"phones found {len(errors) / phones:.1%}; start median {1000 * np.median(early):.0f} ms")
    print(f"within 20 ms {np.mean(early <= 0.02):.1%}, within 50 ms {np.mean(early <= 0.05):.1%}")
    print(f"real-time factor {seconds / length:.3f} (processor {used / length:.3f})")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
