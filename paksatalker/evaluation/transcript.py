"""What is said when, as far as the measures need it: phones and pauses, read from JSON or made from a sound track."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from paksatalker.core.engines import find
from paksatalker.core.timeline import ARPABET, Phone, Speech
from paksatalker.errors import TextUnreadable

#: Silences shorter than this between phones are not pauses, seconds.
_SHORTEST_PAUSE = 0.1


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
        """The pieces of a speech engine or a recording, in order."""
        phones: list[Phone] = []
        end = 0.0
        for piece in pieces:
            phones += piece.phones
            end = piece.end
        return cls.from_phones(phones, end)

    @classmethod
    def listen(cls, recording: Path, transcript: str | None = None, engine: str = "auto") -> Timeline:
        """Times the phones of any sound track with a recording engine.

        Without a transcript this is a phone recogniser with many errors: use it to compare videos, not to judge one.

        Raises:
            AudioUnreadable: There is no sound to listen to.
            EngineUnavailable: No recording engine is installed.
        """
        return cls.from_speech(find("recording", engine).create().listen(recording, transcript))

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
