"""pocketsphinx: which phones are heard, and when known words are said. American English."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paksatalker.core.timeline import ARPABET, FloatArray, Phone

_FRAME = 0.01  # seconds
_PHONES = frozenset(ARPABET) - {"SIL"}


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
        decoder, pcm = self._decoder, _pcm(samples)
        names = []
        for phones in words:
            names.append("_".join(phones))
            if decoder.lookup_word(names[-1]) is None:
                decoder.add_word(names[-1], " ".join(phones), True)
        decoder.set_align_text(" ".join(names))
        try:
            for final in (False, True):  # words first, then the phones inside them
                decoder.set_cmn(self._cepstral_mean)
                decoder.start_utt()
                decoder.process_raw(pcm, full_utt=True)
                decoder.end_utt()
                if not final:
                    decoder.set_alignment()
            found = decoder.get_alignment()
        except RuntimeError:
            return None
        known = set(names)
        spans = [
            [(phone.start * _FRAME, (phone.start + phone.duration) * _FRAME) for phone in word]
            for word in found or ()
            if word.name in known
        ]
        return spans if [len(s) for s in spans] == [len(w) for w in words] else None
