"""pocketsphinx: which phones are heard, and when known words are said. American English."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paksatalker.core.timeline import ARPABET, FloatArray, Phone

_FRAME = 0.01  # seconds
_FRAME_BYTES = 320  # of 16-bit sound at 16 kHz
_LONGEST = 800  # frames whose phones are timed at once
_FEWEST = 4  # words that are worth dividing
_PHONES = frozenset(ARPABET) - {"SIL"}

# Words that follow each other without a pause are found to begin too early, phones inside of words are not. By how many
# seconds, for the first phone of the word: the median over 154 words of English whose times are known. The same was
# seen in five other languages, and at the onsets of sibilants.
_EARLY = {
    **dict.fromkeys(("S", "SH", "Z", "ZH", "F", "V", "TH", "DH", "HH", "CH", "JH"), 0.03),
    **dict.fromkeys(("P", "T", "K", "B", "D", "G"), 0.025),
    **dict.fromkeys(("M", "N", "NG", "L", "R", "W", "Y"), 0.02),
}
_EARLY_VOWEL = 0.01
_PAUSE = 0.02  # seconds between two words that part them
_SHORTEST = 0.02  # seconds that are left of a phone


def _config(**options: Any) -> Any:
    import pocketsphinx  # loads its library

    return pocketsphinx.Config(loglevel="FATAL", samprate=16000, **options)


def _model(*parts: str) -> str:
    import pocketsphinx

    return str(Path(pocketsphinx.get_model_path(), "en-us", *parts))


def _pcm(samples: FloatArray) -> bytes:
    return (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()


class PhoneDecoder:
    """Phones without knowing the words. In studio speech about three in four are right, elsewhere six in ten."""

    def __init__(self) -> None:
        import pocketsphinx

        self._decoder: Any = pocketsphinx.Decoder(
            _config(
                hmm=_model("en-us"), allphone=_model("en-us-phone.lm.bin"), lm=None, dict=None,
                lw=2.0, beam=1e-20, pbeam=1e-20,
            )
        )  # fmt: skip
        self._cepstral_mean = self._decoder.get_cmn(False)

    def decode(self, samples: FloatArray) -> list[Phone]:
        """The phones of a piece of at most a minute, without silence and noises.

        Args:
            samples: At 16 kHz.

        Returns:
            Times are seconds from the first sample.
        """
        decoder = self._decoder
        decoder.set_cmn(self._cepstral_mean)  # what is heard shall not depend on the pieces before
        decoder.start_utt()
        decoder.process_raw(_pcm(samples), full_utt=True)
        decoder.end_utt()
        return [
            Phone(segment.word, segment.start_frame * _FRAME, (segment.end_frame + 1) * _FRAME)
            for segment in decoder.seg() or ()
            if segment.word in _PHONES
        ]


class ForcedAligner:
    """When the phones of known words are said."""

    def __init__(self) -> None:
        import pocketsphinx

        self._decoder: Any = pocketsphinx.Decoder(
            _config(
                hmm=_model("en-us"), lm=None, dict=None, bestpath=False, beam=1e-80, pbeam=1e-80, wbeam=1e-60,
            )
        )  # fmt: skip
        self._cepstral_mean = self._decoder.get_cmn(False)

    def align(self, samples: FloatArray, words: Sequence[Sequence[str]]) -> list[list[tuple[float, float]]] | None:
        """Finds the words' phones in a piece of at most a minute.

        Args:
            samples: At 16 kHz; may hold a little silence around the words and any amount between them.
            words: ARPAbet phones of every word.

        Returns:
            For every word the spans of its phones, seconds from the first sample; None if the words don't fit.
        """
        if not words:
            return []
        frames = self._aligned(_pcm(samples), words)
        if frames is None:
            return None
        return _later(words, [[(a * _FRAME, b * _FRAME) for a, b in word] for word in frames])

    def _aligned(
        self, pcm: bytes, words: Sequence[Sequence[str]], *, whole: bool = False
    ) -> list[list[tuple[int, int]]] | None:
        """Frames of the phones of the words: the words first, then the phones inside them.

        The second pass keeps all states of all words for every frame, 2 MB for 8 s and 13 MB for 20 s: what is long is
        given to it in parts unless ``whole``.
        """
        names = self._named(words)
        self._decoder.set_align_text(" ".join(names))
        known = set(names)
        try:
            self._hear(pcm)
            said = [(s.start_frame, s.end_frame + 1) for s in self._decoder.seg() or () if _bare(s.word) in known]
            if not whole and len(said) == len(words) and len(pcm) > _LONGEST * _FRAME_BYTES:
                return self._in_parts(pcm, words, said) or self._aligned(pcm, words, whole=True)
            self._decoder.set_alignment()
            self._hear(pcm)
            found = self._decoder.get_alignment()
        except RuntimeError:
            return None
        spans = [
            [(phone.start, phone.start + phone.duration) for phone in word]
            for word in found or ()
            if _bare(word.name) in known
        ]
        return spans if [len(s) for s in spans] == [len(w) for w in words] else None

    def _in_parts(
        self, pcm: bytes, words: Sequence[Sequence[str]], said: Sequence[tuple[int, int]]
    ) -> list[list[tuple[int, int]]] | None:
        """The same for stretches of the piece, one after another; None where one of them fails."""
        frames: list[list[tuple[int, int]]] = []
        for first, last in _parts(said, _LONGEST):
            start = 0 if first == 0 else _border(said, first)
            end = None if last == len(said) else _border(said, last) * _FRAME_BYTES
            found = self._aligned(pcm[start * _FRAME_BYTES : end], words[first:last], whole=True)
            if found is None:
                return None
            frames += [[(a + start, b + start) for a, b in word] for word in found]
        return frames

    def _named(self, words: Sequence[Sequence[str]]) -> list[str]:
        """Words of the dictionary that are said so; made where they are missing."""
        names = ["_".join(phones) for phones in words]
        for name, phones in zip(names, words, strict=True):
            if self._decoder.lookup_word(name) is None:
                self._decoder.add_word(name, " ".join(phones), True)
        return names

    def _hear(self, pcm: bytes) -> None:
        self._decoder.set_cmn(self._cepstral_mean)
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()


def _later(words: Sequence[Sequence[str]], spans: list[list[tuple[float, float]]]) -> list[list[tuple[float, float]]]:
    """The spans with the borders of words that follow each other closely put right."""
    for word, before, now in zip(words[1:], spans, spans[1:], strict=False):
        (start, end), (last_start, last_end) = now[0], before[-1]
        if start - last_end >= _PAUSE:
            continue
        moved = min(start + _EARLY.get(word[0], _EARLY_VOWEL), max(start, end - _SHORTEST))
        now[0], before[-1] = (moved, end), (last_start, moved)
    return spans


def _bare(name: str) -> str:
    """A word without the number of its pronunciation."""
    return name.split("(", 1)[0]


def _border(said: Sequence[tuple[int, int]], index: int) -> int:
    """The frame halfway between a word and the one before."""
    return (said[index - 1][1] + said[index][0]) // 2


def _parts(said: Sequence[tuple[int, int]], longest: int) -> list[tuple[int, int]]:
    """Divides words (frames from, to) at the widest gaps near the middle until no part is longer than ``longest``."""

    def divided(first: int, last: int) -> list[tuple[int, int]]:
        begin, end = said[first][0], said[last - 1][1]
        if end - begin <= longest or last - first < _FEWEST:
            return [(first, last)]
        centre, reach = (begin + end) / 2, (end - begin) / 4
        gaps = [said[i][0] - said[i - 1][1] - abs(_border(said, i) - centre) / reach for i in range(first + 1, last)]
        inner = [g if abs(_border(said, i) - centre) <= reach else -np.inf for i, g in enumerate(gaps, first + 1)]
        middle = first + 1 + int(np.argmax(inner if max(inner) > -np.inf else gaps))
        return divided(first, middle) + divided(middle, last)

    return divided(0, len(said))
