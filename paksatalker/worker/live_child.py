"""The process of a live portrait: ``python -m paksatalker.worker.live_child``.

It is apart from the API because photos are untrusted, and because pictures that are due every 40 ms and a server that
answers many callers get into each other's way. The first line of standard input describes the portrait, the photo
follows; then orders come as JSON lines. Pictures go out when they are due, each with what is said at its time; between
utterances the person is at rest, alive. See :mod:`paksatalker.worker.live_wire` for what is said.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from collections import deque
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from paksatalker.errors import PaksaTalkerError
from paksatalker.worker.child import limit_memory
from paksatalker.worker.live_wire import FRAME, HEADER, event, heard

#: Seconds before its time at which a frame is begun.
LEAD = 0.08
_LATE = 2  # frames: who is further behind leaves some out


class _Orders:
    """Reads orders on a thread; whoever waits for the next frame is woken by them."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._come: deque[dict[str, Any]] = deque()
        self._news = threading.Condition()
        self.over = False
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def _read(self) -> None:
        for line in self._stream:
            with self._news:
                self._come.append(json.loads(line))
                self._news.notify()
        with self._news:
            self.over = True
            self._news.notify()

    def wait(self, until: float) -> list[dict[str, Any]]:
        """What has come, at once; if nothing has, what comes until then (``time.monotonic``)."""
        with self._news:
            while not self._come and not self.over and (left := until - time.monotonic()) > 0:
                self._news.wait(min(left, 60.0))
            come = list(self._come)
            self._come.clear()
        return come


def main() -> None:
    """Shows a person until standard input ends."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no picture
    limit_memory()
    how = json.loads(sys.stdin.buffer.readline())
    photo = sys.stdin.buffer.read(how["bytes"])
    try:
        portrait = _Portrait(photo, how)
    except PaksaTalkerError as error:
        _write(out, event(error={"code": error.code, "message": error.message, "what": error.what,
                                 "why": error.why, "fix": error.fix}))  # fmt: skip
        return
    del photo
    _write(out, event(ready={"width": portrait.size[0], "height": portrait.size[1]}))
    try:
        _show(portrait, _Orders(sys.stdin.buffer), out)
    except BrokenPipeError:  # nobody looks any more
        return


class _Portrait:
    """A person who can be shown at any moment."""

    def __init__(self, photo: bytes, how: dict[str, Any]) -> None:
        from paksatalker.config.settings import get_settings
        from paksatalker.core.animation.live import LivePerformance
        from paksatalker.core.rendering.label import Label
        from paksatalker.core.rendering.portrait.build import build
        from paksatalker.core.rendering.scene import set_scene
        from paksatalker.models.base import WeightsStore

        settings = get_settings()
        scene = set_scene(
            photo, WeightsStore(settings.weights), face=how["face"], aspect=how["aspect"], size=how["size"],
            background=how["background"], max_pixels=settings.max_image_pixels,
        )  # fmt: skip
        self._renderer = build(scene, 1)
        self.size = self._renderer.size
        self._label = Label(how["label"], self.size, settings.font) if how["label"] else None
        self.fps: float = how["fps"]
        self.performance = LivePerformance(
            self.fps, how["seed"], expression_scale=how["expression_scale"], head_motion=how["head_motion"]
        )
        self._picture(LivePerformance(self.fps).advance())  # what is compiled or loaded at first use is there now

    def next(self, frames: int) -> bytes:
        """The last of the next frames, as planes of YUV 4:2:0 in BT.601: what browsers take VP8 for."""
        return self._picture(self.performance.advance(frames))

    def _picture(self, track: Any) -> bytes:
        import cv2

        from paksatalker.core.rendering.portrait.renderer import track_states

        *_, state = track_states(track)
        image: npt.NDArray[np.uint8] = self._renderer.frame(state)
        if self._label is not None:
            image = self._label.draw(image)
        return bytes(cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420).data)


def _show(portrait: _Portrait, orders: _Orders, out: IO[bytes]) -> None:
    began = math.inf  # time.monotonic() of frame 0
    performance = portrait.performance
    while not orders.over:
        due = began + performance.done / portrait.fps - LEAD
        for order in orders.wait(due):
            if "begin" in order:
                began = order["begin"]
            elif "say" in order:
                performance.say(heard(order["say"]))
            elif "cut" in order:
                performance.cut(order["cut"])
        now = time.monotonic()
        if now < began + performance.done / portrait.fps - LEAD:
            continue
        behind = math.floor((now + LEAD - began) * portrait.fps) - performance.done
        picture = portrait.next(1 if behind < _LATE else behind + 1)
        _write(out, HEADER.pack(FRAME, performance.done - 1, len(picture)) + picture)


def _write(out: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[out.write(view) :]


if __name__ == "__main__":
    main()
