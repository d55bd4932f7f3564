"""Packets of a microphone that is listened to, and not played."""

from __future__ import annotations

from typing import Any

from aiortc import RTCRtpReceiver
from aiortc.jitterbuffer import MAX_MISORDER, JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket
from aiortc.utils import uint16_add

_BUFFER = "_RTCRtpReceiver__jitter_buffer"


class PromptBuffer(JitterBuffer):
    """Hands on every packet when it comes.

    aiortc's own buffer holds 80 ms back, so that sound plays evenly while packets come unevenly; and once a packet is
    lost it holds 300 ms back for good, as it gives one packet for each that comes. It is not played here: who begins to
    speak should be noticed. A packet that was overtaken by the next one is as good as lost.
    """

    def __init__(self) -> None:
        super().__init__(capacity=16)
        self._latest: int | None = None

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Takes a packet, and returns it unless a later one was there before."""
        if self._latest is not None and uint16_add(self._latest, -packet.sequence_number) < MAX_MISORDER:
            return False, None  # further behind it is another count: the sender has begun anew
        self._latest = packet.sequence_number
        data: Any = packet
        return False, JitterFrame(data=data._data, timestamp=packet.timestamp)


def hasten(receiver: RTCRtpReceiver) -> None:
    """Has a receiver of sound hand on every packet when it comes.

    aiortc has no option for it; should its attribute be gone, it is as it was.
    """
    if isinstance(getattr(receiver, _BUFFER, None), JitterBuffer):
        setattr(receiver, _BUFFER, PromptBuffer())
