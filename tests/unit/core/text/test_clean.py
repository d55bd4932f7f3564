import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.text.clean import clean_text, readable_for
from paksatalker.core.text.scripts import scripts_of
from paksatalker.errors import TextEmpty, TextTooLong, TextUnspeakable


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain text, as it is.", "plain text, as it is."),
        ("**bold** and *thin* and __both__ and ~~gone~~ `code`", "bold and thin and both and gone code"),
        ("[a link](https://x.org/y) ![picture](a.png)", "a link picture"),
        ("# Title\ntext", "Title\n\ntext"),
        ("- one\n* two", "one\n\ntwo"),
        ("> quoted", "quoted"),
        ("```python\nx = 1\n```", "x = 1"),
        ("| a | b |\n|---|---|\n| c | d |", "a, b\n\nc, d"),
        ("<p>Hello <b>you</b></p>&amp; me", "Hello you\n& me"),
        ("a < b and b > c", "a < b and b > c"),
        ("snake_case and 2*3*4", "snake_case and 2*3*4"),
        ("see https://me:secret@www.example.com/docs?id=3#x.", "see https://www.example.com/docs?id=3#x."),
        ("www.example.com", "www.example.com"),
        ("می\u200cخواہم क्\u200dष", "می\u200cخواہم क्\u200dष"),
        ("nice 😀👍🏽 day 🇺🇸!", "nice day!"),
        ("ok :-) then", "ok then"),
        ("zero\u200bwidth\ufeff soft\u00adhyphen", "zerowidth softhyphen"),
        ("bell\x07 nul\x00 tab\tnbsp\u00a0x", "bell nul tab nbsp x"),
        ("Ｆｕｌｌ 𝐁𝐨𝐥𝐝 ﬁne", "Full Bold fine"),
        ("2½ cups, ½ more", "2½ cups, ½ more"),
        ("٣ and ४", "٣ and ४"),
        ("bad \ud83d surrogate", "bad surrogate"),
        ("line\r\nline\rline", "line\nline\nline"),
    ],
)
def test_clean_text(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text(max_size=200))
def test_any_text_can_be_cleaned_and_is_then_clean(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned == cleaned.strip()
    assert not any(ord(c) < 32 and c != "\n" for c in cleaned)
    cleaned.encode("utf-8")


@pytest.mark.parametrize("unit", ["**a ", "[", "<!--", "_a ", " ", "`", "<a ", "|", "#", "- - "])
def test_hostile_repetition_ends(unit: str) -> None:
    assert len(clean_text(unit * (50_000 // len(unit)))) <= 50_000


def test_minor_foreign_passages_are_left_out_with_a_warning() -> None:
    found = readable_for("She said 你好 (Привет) to everybody in the room, π times.", "en-US")
    assert found.text == "She said to everybody in the room, pi times."
    assert len(found.warnings) == 1
    assert "Chinese characters and Cyrillic letters" in found.warnings[0]


def test_emoji_are_left_out_with_a_warning() -> None:
    assert readable_for("Hi 😀!", "en-US").warnings == ("1 emoji is not spoken",)
    assert readable_for("Hi!", "en-US").warnings == ()


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_empty(text: str) -> None:
    with pytest.raises(TextEmpty):
        readable_for(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("😀😀👍🏽", "only emoji"),
        ("?! ... —", "punctuation"),
        ("你好世界，今天天气很好。ok", "Chinese characters"),
        ("Привет, как дела?", "Cyrillic"),
        ("これはテストです", "Japanese"),
    ],
)
def test_unspeakable(text: str, reason: str) -> None:
    with pytest.raises(TextUnspeakable, match=reason):
        readable_for(text, "en-US")


def test_the_same_text_suits_a_voice_of_its_language() -> None:
    assert readable_for("你好世界。", "zh-CN").text == "你好世界。"
    assert scripts_of("ja") > scripts_of("zh") - {"BOPOMOFO"}


def test_whole_sentences_stay_where_a_voice_speaks_their_language() -> None:
    asked = []

    def also() -> tuple[str, ...]:
        asked.append(True)
        return ("hi", "zh")

    assert readable_for("Plain.", also=also).text == "Plain."
    assert asked == []
    found = readable_for("Hello. नमस्ते, आप कैसे हैं। Say 你好 to सब of us. Привет. The end of it.", also=also)
    assert found.text == "Hello. नमस्ते, आप कैसे हैं। Say to of us.. The end of it."
    assert "Cyrillic" in found.warnings[0]
    assert "Devanagari" in found.warnings[0]


def test_latin_letters_are_read_in_every_language() -> None:
    for text, language in (("मैं Python सीखता हूँ।", "hi"), ("Python سیکھیں", "ur"), ("私はPythonが好き。", "ja")):
        assert readable_for(text, language).text == text
        assert readable_for(text, language).warnings == ()
    assert readable_for("He said سلام to (שלום) all.").text == "He said to all."


def test_numbers_alone_can_be_said() -> None:
    assert readable_for("42").text == "42"


def test_too_long() -> None:
    with pytest.raises(TextTooLong, match="100,000"):
        readable_for("a" * 100_000)
    assert readable_for("a" * 10, max_characters=10).text == "a" * 10


def test_a_text_in_several_foreign_scripts_is_told_all_of_them() -> None:
    with pytest.raises(TextUnspeakable, match="Cyrillic letters and Chinese characters"):
        readable_for("Hello Привет 你好 world", "en-US")
