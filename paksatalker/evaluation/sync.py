"""Do picture and sound end together: read from the container's packets, without decoding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from paksatalker.errors import VideoUnreadable
from paksatalker.evaluation.tracking import NO_PROTOCOLS


@dataclass(frozen=True, slots=True)
class Sync:
    """Where the streams of a file begin and end, seconds on its clock.

    Attributes:
        video_start: First picture.
        video_end: When the last picture stops being shown.
        audio_start: First sound; None without sound.
        audio_end: Last sound; None without sound.
        fps: Pictures a second.
        frames: How many pictures there are.
        irregular: Largest deviation of a picture from the place its number and ``fps`` give it, seconds.
    """

    video_start: float
    video_end: float
    audio_start: float | None
    audio_end: float | None
    fps: float
    frames: int
    irregular: float

    @property
    def offset_start(self) -> float | None:
        """By how much the sound begins after the picture, seconds."""
        return None if self.audio_start is None else self.audio_start - self.video_start

    @property
    def offset_end(self) -> float | None:
        """By how much the sound ends after the picture, seconds; within one frame when the two agree."""
        return None if self.audio_end is None else self.audio_end - self.video_end


def read_sync(path: Path) -> Sync:
    """Reads the packet times of the first picture and sound stream.

    Raises:
        VideoUnreadable: The file cannot be demuxed or has no picture.
    """
    try:
        with path.open("rb") as file, av.open(file, "r", options=NO_PROTOCOLS) as container:
            return _read(container, path)
    except (OSError, FFmpegError) as error:
        raise VideoUnreadable(f"{path.name} cannot be read", str(error), "Give a complete video file") from error


def _read(container: av.container.InputContainer, path: Path) -> Sync:
    if not container.streams.video:
        raise VideoUnreadable(f"{path.name} cannot be scored", "it has no picture", "Give a video file")
    video = container.streams.video[0]
    audio = container.streams.audio[0] if container.streams.audio else None
    fps = float(video.average_rate or video.guessed_rate or 25)
    pictures: list[float] = []
    video_end, audio_start, audio_end = 0.0, None, None
    for packet in container.demux([s for s in (video, audio) if s is not None]):
        if packet.pts is None or packet.time_base is None:
            continue
        start = float(packet.pts * packet.time_base)
        end = start + float((packet.duration or 0) * packet.time_base)
        if packet.stream is audio:
            audio_start = start if audio_start is None else min(audio_start, start)
            audio_end = end if audio_end is None else max(audio_end, end)
        else:
            pictures.append(start)
            video_end = max(video_end, end if packet.duration else start + 1 / fps)
    if not pictures:
        raise VideoUnreadable(f"{path.name} cannot be scored", "it holds no frames", "Give a complete video file")
    pictures.sort()  # packets come in decoding order
    irregular = max(abs(t - pictures[0] - k / fps) for k, t in enumerate(pictures))
    if audio_start is not None:
        audio_start = max(audio_start, 0.0)  # the encoder's priming lies before 0 and is not played
    return Sync(pictures[0], video_end, audio_start, audio_end, fps, len(pictures), irregular)
