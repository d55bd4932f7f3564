"""What is said when, as far as the measures need it: phones and pauses, read from JSON or made from a sound track."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paksatalker.core.engines import find
from paksatalker.core.timeline import ARPABET, Phone, Speech
from paksatalker.errors import TextUnreadable
from paksatalker.evaluation.geometry import Array

#: Silences shorter than this between phones are not pauses, seconds.
_SHORTEST_PAUSE = 0.1
#: A recogniser's gaps count as pauses where the sound is this far below the speaker's level, too, decibels.
_QUIET = 30.0
_STEP, _WINDOW = 0.01, 0.03  # seconds between and under the values of loudness that this is judged by


@dataclass(frozen=True, slots=True)
class Timeline:
    """Phones and pauses of a video, seconds on its clock.

    Attributes:
        phones: In order; ``SIL`` is not among them.
        pauses: Spans without speech, in order, those before the first and after the last phone included.
        duration: Of the sound, seconds.
    """

    phones: tuple[Phone, ...]
    pauses: tuple[tuple[float, float], ...]
    duration: float

    @classmethod
    def from_phones(cls, phones: Iterable[Phone], duration: float) -> Timeline:
        """Phones to phones and the gaps between them."""
        spoken = tuple(sorted((p for p in phones if p.symbol != "SIL" and p.end > p.start), key=lambda p: p.start))
        return cls(spoken, _gaps(spoken, duration), duration)

    @classmethod
    def from_speech(cls, pieces: Iterable[Speech]) -> Timeline:
        """The pieces of a speech engine, in order: phones and gaps are where it says."""
        phones: list[Phone] = []
        end = 0.0
        for piece in pieces:
            phones += piece.phones
            end = piece.end
        return cls.from_phones(phones, end)

    @classmethod
    def from_recognised(cls, pieces: Iterable[Speech]) -> Timeline:
        """The pieces of a recording engine, in order: where it missed a phone, somebody still speaks.

        A pause is where no phone was recognised and the sound is 30 dB below the speaker's level.
        """
        phones: list[Phone] = []
        times, levels = [np.zeros(0)], [np.zeros(0)]
        end = 0.0
        for piece in pieces:
            phones += piece.phones
            end = piece.end
            at, level = _levels(piece)
            times.append(at)
            levels.append(level)
        said = cls.from_phones(phones, end)
        quiet = _quiet_spans(np.concatenate(times), np.concatenate(levels))
        return cls(said.phones, _overlaps(said.pauses, quiet), end)

    @classmethod
    def listen(cls, recording: Path, transcript: str | None = None, engine: str = "auto") -> Timeline:
        """Times the phones of any sound track with a recording engine.

        Without a transcript this is a phone recogniser with many errors: use it to compare videos, not to judge one.

        Raises:
            AudioUnreadable: There is no sound to listen to.
            EngineUnavailable: No recording engine is installed.
        """
        return cls.from_recognised(find("recording", engine).create().listen(recording, transcript))

    def save(self, path: Path) -> None:
        """Writes JSON: ``{"duration": s, "phones": [{"symbol", "start", "end", "stress"}, …]}``."""
        data = {"duration": self.duration, "phones": [asdict(phone) for phone in self.phones]}
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Timeline:
        """Reads what :meth:`save` or ``generate --timeline`` wrote.

        The latter is JSON lines, one piece of speech each, with phones nested in ``words``.

        Raises:
            TextUnreadable: The file is missing, is not JSON, or lacks phones.
        """
        try:
            documents = _documents(path.read_text(encoding="utf-8"))
            if not documents:
                raise ValueError("it is empty")
            phones = [_phone(entry) for document in documents for entry in _entries(document)]
            ends = [float(document[key]) for document in documents for key in ("duration", "end") if key in document]
            return cls.from_phones(phones, max([*ends, *(phone.end for phone in phones)], default=0.0))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise TextUnreadable(
                f"the timeline {path.name} cannot be read",
                str(error) or type(error).__name__,
                'Give JSON such as {"duration": 1.5, "phones": [{"symbol": "AA", "start": 0.1, "end": 0.2}]}',
            ) from error


def _documents(text: str) -> list[dict[str, Any]]:
    """One JSON document, or one a line."""
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def _entries(document: dict[str, Any]) -> list[Any]:
    if "phones" in document:
        return list(document["phones"])
    return [phone for word in document["words"] for phone in word["phones"]]


def _phone(entry: Any) -> Phone:
    """A phone as an object, or short as ``[symbol, start, end, stress]``."""
    values = (
        entry if isinstance(entry, list) else [entry[k] for k in ("symbol", "start", "end")] + [entry.get("stress", 0)]
    )
    symbol, start, end, stress = (*values, 0)[:4]
    phone = Phone(str(symbol), float(start), float(end), int(stress))
    if phone.symbol not in ARPABET:
        raise ValueError(f"'{phone.symbol}' is no ARPAbet phone")
    if not 0 <= phone.start <= phone.end:
        raise ValueError(f"phone {phone.symbol} spans {phone.start} to {phone.end} s")
    return phone


def _gaps(phones: Sequence[Phone], duration: float) -> tuple[tuple[float, float], ...]:
    gaps = []
    last = 0.0
    for phone in phones:
        if phone.start - last > _SHORTEST_PAUSE:
            gaps.append((last, phone.start))
        last = max(last, phone.end)
    if duration - last > _SHORTEST_PAUSE:
        gaps.append((last, duration))
    return tuple(gaps)


def _levels(piece: Speech) -> tuple[Array, Array]:
    """Times on the video's clock and loudness, decibels, of a piece of sound."""
    window = max(round(_WINDOW * piece.sample_rate), 1)
    centres = np.arange(0.0, len(piece.samples) / piece.sample_rate, _STEP)
    total = np.concatenate([[0.0], np.cumsum(piece.samples.astype(np.float64) ** 2)])
    first = np.clip(np.round(centres * piece.sample_rate).astype(int) - window // 2, 0, len(piece.samples))
    last = np.minimum(first + window, len(piece.samples))
    power = (total[last] - total[first]) / np.maximum(last - first, 1)
    return piece.start + centres, 10 * np.log10(np.maximum(power, 1e-12))


def _quiet_spans(times: Array, levels: Array) -> list[tuple[float, float]]:
    """Where the sound is far below its loud parts, seconds."""
    if not len(levels):
        return []
    quiet = np.concatenate([[False], levels < np.percentile(levels, 95) - _QUIET, [False]])
    edges = np.flatnonzero(quiet[1:] != quiet[:-1])
    ends = np.append(times, times[-1] + _STEP)
    return [(float(times[a]), float(ends[b])) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _overlaps(
    gaps: Sequence[tuple[float, float]], quiet: Sequence[tuple[float, float]]
) -> tuple[tuple[float, float], ...]:
    """The parts of the gaps that are quiet, where they are long enough to be pauses."""
    found = []
    after = 0  # of the quiet spans, those before it end before the gap
    for start, end in gaps:
        while after < len(quiet) and quiet[after][1] <= start:
            after += 1
        for a, b in quiet[after:]:
            if a >= end:
                break
            if min(b, end) - max(a, start) > _SHORTEST_PAUSE:
                found.append((max(a, start), min(b, end)))
    return tuple(found)
