import numpy as np

from paksatalker.api.services.live.sound import SoundBoard


def tone(count: int, value: int = 1000) -> np.ndarray:
    return np.full(count, value, np.int16)


def test_sound_is_heard_at_its_place_and_silence_elsewhere():
    board = SoundBoard()
    board.add(100, tone(50, 1))
    board.add(200, tone(50, 2))
    whole = np.concatenate([board.read(start, 30) for start in range(0, 300, 30)])
    expected = np.zeros(300, np.int16)
    expected[100:150], expected[200:250] = 1, 2
    np.testing.assert_array_equal(whole, expected)
    assert not board.read(300, 100).any()
    assert not board._pieces


def test_pieces_do_not_overlap_and_what_was_missed_is_not_heard_later():
    board = SoundBoard()
    board.add(0, tone(100, 1))
    board.add(50, tone(100, 2))  # comes too early: it waits
    assert board.end == 200
    np.testing.assert_array_equal(board.read(80, 40), [*[1] * 20, *[2] * 20])
    assert board.read(190, 20).tolist() == [*[2] * 10, *[0] * 10]


def test_what_is_taken_back_fades_out_without_a_click():
    board = SoundBoard()
    board.add(0, tone(5000))
    board.add(6000, tone(5000))
    board.cut(1000)
    heard = board.read(0, 12000).astype(int)
    assert (heard[:1000] == 1000).all()
    assert 0 < np.abs(np.diff(heard)).max() < 20
    assert not heard[1600:].any()
    board.add(7000, tone(10, 5))
    assert board.read(7000, 10).tolist() == [5] * 10


def test_the_gain_changes_without_a_click():
    board = SoundBoard()
    board.add(0, tone(5000))
    board.read(0, 960)
    board.gain = 0.1
    down = board.read(960, 960).astype(int)
    assert (down[0], down[-1]) == (1000, 100)
    assert np.abs(np.diff(down)).max() < 5
    assert (board.read(1920, 960) == 100).all()
    board.gain = 1.0
    up = board.read(2880, 960)
    assert (up[0], up[-1]) == (100, 1000)
    assert (board.read(3840, 960) == 1000).all()


def test_there_may_be_nothing_to_take_back():
    board = SoundBoard()
    board.cut(100)
    board.add(0, tone(10))
    board.cut(100)
    assert board.end == 10
    assert board.read(0, 10).all()
