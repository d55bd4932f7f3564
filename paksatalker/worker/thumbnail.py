"""A picture of a video: its middle frame."""

from __future__ import annotations

from pathlib import Path

import av

from paksatalker.errors import EncodingFailed

_QUALITY = 85
_SIDE = 640  # longest


def write_thumbnail(video: Path, to: Path) -> Path:
    """Writes the middle frame of a video of ours as a JPEG.

    Args:
        video: The video.
        to: The picture; its longest side is at most 640 pixels.

    Returns:
        ``to``.

    Raises:
        EncodingFailed: The video cannot be read.
    """
    try:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            middle = (container.duration or 0) // 2  # microseconds
            container.seek(middle)
            last = None
            for frame in container.decode(stream):
                last = frame
                if frame.time is not None and frame.time * av.time_base >= middle:
                    break
    except (av.FFmpegError, IndexError) as error:
        raise EncodingFailed("the video has no picture", str(error), "Make it again") from error
    if last is None:
        raise EncodingFailed("the video has no picture", "no frame can be read", "Make it again")
    picture = last.to_image()  # type: ignore[no-untyped-call]  # PyAV has no types for it
    picture.thumbnail((_SIDE, _SIDE))
    picture.convert("RGB").save(to, "JPEG", quality=_QUALITY, optimize=True)
    return to
