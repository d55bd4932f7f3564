"""Text → speech → face → frames, and the frames tracked again: does the mouth say what the voice says?"""

from __future__ import annotations

import numpy as np
import pytest

from paksatalker.core.animation.coarticulation import intended_opening
from paksatalker.core.animation.rules import RuleFace
from paksatalker.core.audio.prosody import attach_prosody
from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.rendering import framing
from paksatalker.core.rendering.image import load_image
from paksatalker.core.rendering.portrait.analysis import analyse
from paksatalker.core.rendering.portrait.renderer import PortraitRenderer
from paksatalker.core.timeline import FaceTrack, Utterance
from paksatalker.evaluation import eyes, head, lips, tracking
from paksatalker.models.base import WeightsStore
from paksatalker.models.mediapipe.landmarker import FaceLandmarker

FPS = 25.0
TEXT = (
    Utterance("Who would choose to move to the moon in June?", emotion="happy", pause_after=0.4),
    Utterance("Maybe my mother bought five big apples for Bob.", pause_after=0.8),
)


@pytest.fixture(scope="module")
def speech():
    return list(attach_prosody(HibariSpeech().speak(TEXT), FPS))


@pytest.fixture(scope="module")
def renderer(photo):
    store = WeightsStore()
    portrait = analyse(load_image(photo), None, store)
    canvas = framing.frame(portrait, "1:1", 512)
    return PortraitRenderer(canvas.source_face(portrait), framing.person_mask(canvas, portrait, store))


def track_again(frames) -> tracking.FaceMotion:
    with FaceLandmarker(WeightsStore().path("face-landmarker")) as landmarker:
        return tracking.track_frames(iter(frames), FPS, landmarker)


@pytest.fixture(scope="module")
def video(speech, renderer):
    track = FaceTrack.concatenate(list(RuleFace(FPS, seed=1).animate(speech)))
    still = track_again(renderer.render([FaceTrack.rest(1, FPS)]))
    return track, track_again(renderer.render([track])), float(lips.opening(still)[0])


def test_mouth_follows_the_phones(speech, video):
    track, motion, rest = video
    intended = intended_opening(speech, FPS, frames=len(track), rest=rest)
    assert lips.pearson(lips.opening(motion), intended) > 0.85


def test_every_bilabial_closes(speech, video):
    _, motion, _ = video
    closures = lips.closures(motion, [p for piece in speech for p in piece.phones])
    assert len(closures) > 8
    assert all(c.closed for c in closures)


def test_opening_is_that_of_real_speakers(video):
    track, motion, _ = video
    opened = lips.opening(motion)[track.activity > 0.95]
    assert 0.05 < opened.mean() < 0.16
    assert 0.04 < opened.std() < 0.10
    assert 0.12 < np.percentile(opened, 95) < 0.33


def test_mouth_rests_in_pauses(speech, video):
    _, motion, _ = video
    stillness = lips.silence_stillness(motion, speech[-1].prosody.pauses[-1:])
    assert stillness is not None
    assert stillness.largest < 0.012


def test_head_moves_and_eyes_blink(video):
    _, motion, _ = video
    assert (np.array(head.head_motion(motion).sd) > 0.9).all()
    assert (np.array(head.head_motion(motion).sd) < 4).all()
    assert eyes.blinks(motion).per_minute > 5
