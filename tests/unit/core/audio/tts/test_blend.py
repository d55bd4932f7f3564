from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.audio.tts.blend import Blend, Likeness, SavedVoices, is_blend, lend, parse_blend, voice_text
from paksatalker.errors import ConsentMissing, InvalidOption, UnknownVoice

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
weights = st.floats(0.01, 100)


def test_weights_are_scaled_and_may_be_left_out():
    assert parse_blend("af_heart").parts == (("af_heart", 1.0),)
    assert parse_blend("af_heart + bf_emma").parts == (("af_heart", 0.5), ("bf_emma", 0.5))
    assert parse_blend("AF_heart:3+bf_emma:.5+af_heart:.5").parts == (("af_heart", 0.875), ("bf_emma", 0.125))
    assert parse_blend("a:1+b:2").main == "b"


@given(st.dictionaries(names, weights, min_size=1, max_size=5))
def test_what_is_written_is_read_back(parts):
    blend = parse_blend("+".join(f"{name}:{weight:.6f}" for name, weight in parts.items()))
    assert sum(weight for _, weight in blend.parts) == pytest.approx(1)
    again = parse_blend(str(blend)) if min(weight for _, weight in blend.parts) > 1e-3 else blend
    assert [name for name, _ in again.parts] == list(parts)
    assert [w for _, w in again.parts] == pytest.approx([w for _, w in blend.parts], rel=1e-2)


@pytest.mark.parametrize(
    "text", ["", "+", "a+", "a:", "a:x", "a:-1", "a:0", "a:0+b:1", "a b", "a:1:2", "+".join("ab" * 9)]
)
def test_other_text_is_refused(text):
    with pytest.raises(InvalidOption, match="no mixture"):
        parse_blend(text)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    with suppress(InvalidOption):
        assert sum(weight for _, weight in parse_blend(text).parts) == pytest.approx(1)


def test_a_name_is_no_mixture():
    assert not is_blend("af_heart")
    assert is_blend("af_heart:1")
    assert is_blend("a+b")


def test_a_saved_voice_is_found_listed_replaced_and_removed(tmp_path):
    saved = SavedVoices(tmp_path / "voices")
    assert saved.names() == ()
    saved.save("narrator", parse_blend("a+b"))
    saved.save("narrator", parse_blend("a:3+b"))
    assert saved.load("narrator") == Blend((("a", 0.75), ("b", 0.25)))
    assert saved.all().keys() == {"narrator"}
    saved.remove("narrator")
    assert saved.load("narrator") is None
    with pytest.raises(UnknownVoice):
        saved.remove("narrator")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "a b", "-a", "a" * 65, "auto", "taken"])
def test_names_that_cannot_be_used(tmp_path, name):
    with pytest.raises(InvalidOption, match="cannot be called"):
        SavedVoices(tmp_path).save(name, parse_blend("a"), taken={"taken"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 2, "voice": "a"}', '{"format": 1, "voice": "?"}'])
def test_a_damaged_file_is_told_when_used_and_left_out_of_the_list(tmp_path, content):
    (tmp_path / "mine.json").write_text(content)
    saved = SavedVoices(tmp_path)
    assert saved.all() == {}
    with pytest.raises(InvalidOption, match="saved voice 'mine' cannot be read"):
        saved.load("mine")


def test_a_lent_voice_is_known_by_its_content_and_listed_nowhere(tmp_path):
    blend = Blend((("af_heart", 1.0),), Likeness((0.5,) * 128, 1.1))
    text = voice_text(blend, "I agree.")
    name = lend(text, "I agree.")
    saved = SavedVoices(tmp_path)
    assert saved.load(name) == blend
    assert saved.names() == ()
    assert lend(text, "I agree.") == name
    assert saved.load(name[:-1] + "x") is None
    with pytest.raises(ConsentMissing):
        lend(text, "I do not agree.")
    for damaged in ("", "{}", text.replace("0.5", '"x"'), text.replace('"format": 1', '"format": 2')):
        with pytest.raises(InvalidOption):
            lend(damaged, "I agree.")
