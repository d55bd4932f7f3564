import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from paksatalker.core.text.normalise import LANGUAGES, normalise, spoken_text
from paksatalker.core.text.normalise.tables import language_of
from paksatalker.core.timeline import Reading, Utterance

HERE = Path(__file__).parent
TABLES = [
    (tag, *line.split("\t"))
    for tag in LANGUAGES
    for line in (HERE / f"spoken_{tag}.tsv").read_text("utf-8").splitlines()
]

PIECES = """
3 12 1999 2026 0 007 1,234.5 1.234,5 12,34,567 ½ ² ٣ ४ $ € ₹ £ % ° °C km km/h kg m h : / - – — . , + = < > & @
# * ~ № No. Nr. Dr. Mr. Sra. e.g. z.B. etc. p.m. am XIV Louis Chapitre siècle siglo Uhr Mai March mayo marzo
st nd º ª er v2.0.1 www.a.org https://b.com/c?d=1 a.b@c.de @bob #MeToo million Mio. k M bn A320 words y et und
café 'l’eau घर बजे वाँ واں بجے ملین کتاب 1st 2nd 10th 1990s C++ R&D a_b and/or 555-123-4567 +49 (030) 06 14h30
14:30 3/4/2026 2026-04-03 ( ) " ' “ ” ™ … ! ? ¿ ¡ । ۔ ۔۔ 😀 你好 あ x × ÷ ¹ ₂ \u200c \u0301
"""
TEXTS = st.lists(st.tuples(st.sampled_from(PIECES.split()), st.sampled_from(["", " ", " "])), max_size=14).map(
    lambda parts: "".join(word + space for word, space in parts)
) | st.text(max_size=40)  # fmt: skip


@pytest.mark.parametrize(("tag", "written", "spoken"), TABLES)
def test_what_is_said(tag: str, written: str, spoken: str) -> None:
    assert spoken_text(written, tag) == spoken


@given(TEXTS, st.sampled_from(LANGUAGES))
@example("¹*", "en")
@example("#a¹ b_²", "en")
@example("https://b.com/c?d=1₂", "ur")
@example("12,34,5671999 1st", "en")
@settings(deadline=None)
def test_readings_lie_in_the_text_and_do_not_overlap(text: str, tag: str) -> None:
    found = normalise(Utterance(text, language=tag))
    assert found.text == text
    position = 0
    for reading in found.readings:
        assert position <= reading.start < reading.end <= len(text)
        assert any(char.isalnum() for char in reading.spoken)
        assert not any(char.isdigit() for char in reading.spoken)
        position = reading.end
    assert normalise(found) == found


@given(TEXTS, st.sampled_from(LANGUAGES))
@settings(deadline=None, max_examples=60)
def test_all_numbers_are_said_and_no_word_is_lost(text: str, tag: str) -> None:
    text = unicodedata.normalize("NFC", text)
    spoken = spoken_text(text, tag)
    assert not re.search(r"\d", spoken)
    spoken_words = re.findall(r"[^\W\d_]+", spoken.lower())
    read = [(r.start, r.end) for r in normalise(Utterance(text, language=tag)).readings]
    for word in re.finditer(r"(?<!\S)[^\W\d_]+(?!\S)", text):
        if not any(a < word.end() and b > word.start() for a, b in read):
            assert word[0].lower() in spoken_words


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize(
    "unit", ["1", "1,", "1.", "1 ", "1-", "1/", "$", "a.", "@a", "#", "I", "Dr.", "1:", "½", "a/", "_a"]
)
def test_hostile_repetition_ends(tag: str, unit: str) -> None:
    assert spoken_text(unit * (2000 // len(unit)), tag)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_plain_words_stay_as_they_are(tag: str) -> None:
    for text in ("", "Plain words, as they are.", "one-two 'three' (four)…", "घर और बाहर।", "گھر اور باہر۔"):
        assert spoken_text(text, tag) == text


def test_own_readings_win() -> None:
    own = Reading(4, 6, "two score")
    (found,) = normalise(Utterance("say 40", language="en", readings=(own,))).readings
    assert found == own
    first, second = normalise(Utterance("say 40 or 50", language="en", readings=(own,))).readings
    assert (first, second.spoken) == (own, "fifty")


def test_other_languages_are_left_alone() -> None:
    for tag in ("ja", "zh", "xx", ""):
        assert normalise(Utterance("3.5 km", language=tag)).readings == ()
    assert normalise(Utterance("3 km"), "es-MX").readings[0].spoken == "tres kilómetros"
    assert language_of("pt_BR") is language_of("pt")


def test_tables_are_complete() -> None:
    for tag in LANGUAGES:
        language, english = language_of(tag), language_of("en")
        assert language is not None
        assert english is not None
        assert len(language.month_names) == 12
        assert set(language.web) == set(english.web)
        assert set(english.signs) <= set(language.signs)
        assert set(range(2, 11)) <= set(language.fractions)
        assert {"$", "€", "£", "¥", "₹"} <= set(language.currencies)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_number_has_words(tag: str) -> None:
    for number in (*range(0, 120), 200, 999, 1000, 1001, 99_999, 100_000, 10**6, 10**7, 123_456_789, 10**12):
        words = spoken_text(str(number), tag)
        assert words
        assert not any(char.isdigit() for char in words)
    assert len({spoken_text(str(n), tag) for n in range(100)}) == 100


@pytest.mark.parametrize("text", ["{}", "{} kg", "${}", "v{}", "{}.{}", "-{}%", "tel {}"])
@pytest.mark.parametrize("tag", ["en", "fr", "ur"])
def test_a_number_of_thousands_of_digits_is_said_digit_by_digit(text: str, tag: str) -> None:
    spoken = spoken_text(text.format("1" * 5000, "2" * 5000), tag)
    assert len(spoken.split()) >= 5000
