import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.timeline import ARPABET, Phone, Speech, Word
from paksatalker.errors import TextUnreadable
from paksatalker.evaluation.transcript import Timeline


def test_pauses_are_what_lies_between_the_phones():
    phones = [Phone("AA", 0.5, 0.8), Phone("SIL", 0.8, 1.6), Phone("B", 1.6, 1.7), Phone("IY", 1.75, 2.0)]
    found = Timeline.from_phones(phones, 2.5)
    assert [p.symbol for p in found.phones] == ["AA", "B", "IY"]
    assert found.pauses == ((0.0, 0.5), (0.8, 1.6), (2.0, 2.5))


def test_speech_pieces_share_one_clock():
    def piece(start: float) -> Speech:
        word = Word("a", start + 0.2, start + 0.5, (Phone("AH", start + 0.2, start + 0.5),))
        return Speech(np.zeros(24000, np.float32), 24000, start, (word,))

    found = Timeline.from_speech([piece(0.0), piece(1.0)])
    assert found.duration == 2
    assert [round(p.start, 3) for p in found.phones] == [0.2, 1.2]


def test_a_recognisers_gap_is_a_pause_only_where_the_sound_is_quiet():
    rate = 16000
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 0.1, 4 * rate).astype(np.float32)
    samples[2 * rate : 3 * rate] *= 0.001  # 60 dB less from second 2 to 3
    words = [Word("a", a, b, (Phone("AA", a, b),)) for a, b in ((0.5, 1.0), (3.1, 3.9))]
    found = Timeline.from_recognised([Speech(samples, rate, 0.0, tuple(words))])
    assert [p.start for p in found.phones] == [0.5, 3.1]
    assert len(found.pauses) == 1
    assert found.pauses[0] == pytest.approx((2.0, 3.0), abs=0.04)


def test_a_recording_with_music_in_its_gaps_has_no_pauses():
    loud = np.random.default_rng(2).normal(0, 0.1, 16000).astype(np.float32)
    found = Timeline.from_recognised([Speech(loud, 16000, 0.0, (Word("a", 0.4, 0.5, (Phone("AA", 0.4, 0.5),)),))])
    assert found.pauses == ()
    assert Timeline.from_recognised([]).pauses == ()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ARPABET), st.floats(0, 100), st.floats(0, 2)), max_size=10))
def test_what_is_saved_is_read(tmp_path_factory, spans):
    path = tmp_path_factory.mktemp("timeline") / "t.json"
    made = Timeline.from_phones([Phone(s, a, a + d) for s, a, d in spans], 200.0)
    made.save(path)
    assert Timeline.load(path) == made
    assert all(a < b for a, b in made.pauses)


def test_phones_may_be_nested_in_words(tmp_path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"words": [{"phones": [{"symbol": "AA", "start": 0.2, "end": 0.4}]}]}))
    assert Timeline.load(path).phones == (Phone("AA", 0.2, 0.4),)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"phones": [{"symbol": "QQ", "start": 0, "end": 1}]}',
     '{"phones": [{"symbol": "AA", "start": 2, "end": 1}]}', '{"phones": [3]}'],
)  # fmt: skip
def test_a_bad_timeline_says_what_it_should_be(tmp_path, text):
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(TextUnreadable, match="the timeline"):
        Timeline.load(path)


def test_a_missing_timeline(tmp_path):
    with pytest.raises(TextUnreadable):
        Timeline.load(tmp_path / "none.json")


def test_json_lines_as_the_pipeline_writes_them(tmp_path):
    path = tmp_path / "t.jsonl"
    lines = [
        {"start": k, "end": k + 1.0, "words": [{"text": "ah", "phones": [["AA", k + 0.2, k + 0.4, 1]]}]} for k in (0, 1)
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    found = Timeline.load(path)
    assert [p.start for p in found.phones] == [0.2, 1.2]
    assert found.duration == 2
