"""How live sessions go, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


class LiveMeasures:
    """Measures of all live sessions of a process.

    Args:
        registry: Where they are kept.

    Attributes:
        sessions: That are open.
        videos: That are seen by WebRTC.
        utterances: That were said, by how they ended: ``whole``, ``interrupted``, ``failed``.
        turns: That were heard from microphones, by what came of them: ``understood``, ``empty``, ``failed``.
        first_sound: Seconds from a text to its first sound.
        recognition: Seconds from the end of a turn to its words.
        frames: Of video, by whether they were ``shown`` or left out as too ``late``.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sessions = Gauge("paksatalker_live_sessions", "Live sessions that are open.", registry=registry)
        self.videos = Gauge("paksatalker_live_videos", "Portraits that are seen by WebRTC.", registry=registry)
        self.utterances = Counter(
            "paksatalker_live_utterances", "Utterances that were said.", ("end",), registry=registry
        )
        self.turns = Counter(
            "paksatalker_live_turns", "Turns that were heard from microphones.", ("end",), registry=registry
        )
        self.first_sound = Histogram(
            "paksatalker_live_first_sound_seconds", "From a text to its first sound.", buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        self.recognition = Histogram(
            "paksatalker_live_recognition_seconds", "From the end of a turn to its words.", buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        self.frames = Counter("paksatalker_live_frames", "Frames of live video.", ("end",), registry=registry)
