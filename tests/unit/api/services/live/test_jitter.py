"""Packets of a microphone: nothing is held back, whatever is lost."""

import pytest
from aiortc.rtp import RtpPacket

from paksatalker.api.services.live.jitter import PromptBuffer


def heard(numbers: list[int]) -> list[int]:
    """Which of these packets are handed on when they come."""
    buffer, found = PromptBuffer(), []
    for number in numbers:
        packet = RtpPacket(payload_type=96, sequence_number=number % 65536, timestamp=number * 960 % 2**32)
        packet._data = str(number).encode()
        key_frame, frame = buffer.add(packet)
        assert not key_frame
        if frame is not None:
            assert (frame.data, frame.timestamp) == (packet._data, packet.timestamp)
            found.append(number)
    return found


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ([7, 8, 9], [7, 8, 9]),
        ([7, 9, 10], [7, 9, 10]),  # one is lost: nothing waits for it
        ([7, 9, 8, 10], [7, 9, 10]),  # one was overtaken
        ([7, 7, 8], [7, 8]),
        ([65534, 65535, 65536, 65537], [65534, 65535, 65536, 65537]),
        ([30_000, 30_001, 4, 5], [30_000, 30_001, 4, 5]),  # the sender has begun anew
        ([4, 30_000, 30_001], [4, 30_000, 30_001]),
    ],
)
def test_a_packet_is_handed_on_when_it_comes(sent, taken):
    assert heard(sent) == taken
