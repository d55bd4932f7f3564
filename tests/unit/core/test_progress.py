from paksatalker.core.progress import FrameCounter, Progress


def test_text_is_extrapolated_from_the_share_that_is_spoken() -> None:
    seen: list[Progress] = []
    counter = FrameCounter(25.0, text_length=100, duration=None, report=seen.append)
    assert counter.state("analyse").fraction is None
    counter.spoken(25, until=2.0)
    counter.frame()
    assert (seen[-1].frames, seen[-1].frames_expected, seen[-1].exact) == (1, 200, False)
    counter.spoken(75, until=9.0)
    counter.all_spoken()
    counter.frame()
    assert (seen[-1].frames, seen[-1].frames_expected, seen[-1].exact) == (2, 225, True)
    assert seen[-1].seconds_left is not None


def test_recording_is_exact_from_the_start() -> None:
    counter = FrameCounter(25.0, text_length=0, duration=4.0, report=None)
    state = counter.state("analyse")
    assert (state.frames_expected, state.exact, state.fraction) == (100, True, 0.0)


def test_fraction_never_exceeds_one() -> None:
    assert Progress("render", frames=12, frames_expected=10).fraction == 1.0
