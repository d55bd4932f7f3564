import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.text.sentences import PARAGRAPH_PAUSE, SENTENCE_PAUSE, sentences


def texts(text: str) -> list[str]:
    return [utterance.text for utterance in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["Hello there.", "How are you?", "Fine!"],
        ["Dr. Smith paid $3.5 million, e.g. for the U.S. Army.", "That is a lot."],
        ['"Really?!" he asked.', "“Yes.”", "She left."],
        ["Well... maybe not.", "Wait…", "What?"],
        ["J. K. Rowling and I agree.", "Good."],
        ["He lives in the U.S.", "The weather is fine."],
        ["We meet at 5 p.m.", "Tomorrow is another day."],
        ["Apples, pears, etc. are fruit.", "Ask Acme Inc. about it."],
        ["1. First we start.", "2. Then we stop."],
        ["See fig. 3 and vol. 2.", "It ended in 1999.", "No. 5 is alive."],
        ["hello there.", "how are you.", "fine"],
        ["What?!", "No!!!", "Yes (really)."],
        ["你好。", "你吃了吗？", "吃了！"],
        ["नमस्ते।", "आप कैसे हैं?", "मैं ठीक हूँ... शायद।", "डॉ. शर्मा 3.5 बजे आए।"],
        ["السلام علیکم۔", "آپ کیسے ہیں؟", "قیمت 3۔5 ہے۔", "ٹھیک ہے!"],
        ["¡Hola!", "¿Qué tal?", "El Sr. Pérez vive en EE. UU. y trabaja.", "Dijo que no.", "Luego se fue."],
        ["Am 3. Mai kam Dr. Müller.", "Das war z. B. der 2. Weltkrieg.", "Ludwig XIV. war König."],
        ["M. Dupont est là.", "Il a 3.5 ans, p. ex. avec Mme Martin.", "C'est..."],
        ["Il dott. Rossi, ecc. è qui.", "La sig.ra no."],
        ["O Sr. Silva e a Dra. Costa chegaram.", "Custa 3,5 reais."],
        ["Tell me.", "Come on.", "I love art.", "It is 5 mm.", "John Smith Sr.", "He left.", "Cf. p. 5, art. 3."],
    ],
)
def test_sentences_are_found(parts: list[str]) -> None:
    joined = ("" if "你好。" in parts else " ").join(parts)
    assert texts(joined) == parts


def test_paragraphs_and_lines() -> None:
    text = "A title\n\nFirst line of it.\nSecond line.\n\n\nThe end"
    found = list(sentences(text))
    assert [u.text for u in found] == ["A title", "First line of it.", "Second line.", "The end"]
    assert found[0].pause_after == found[2].pause_after == PARAGRAPH_PAUSE
    assert SENTENCE_PAUSE < found[1].pause_after < PARAGRAPH_PAUSE


def test_lines_broken_by_an_editor_are_joined() -> None:
    text = "This line was broken by an editor at some column and\n"
    text += "goes on here. And this line was broken just before\nParis. Done."
    assert texts(text) == [
        "This line was broken by an editor at some column and goes on here.",
        "And this line was broken just before Paris.",
        "Done.",
    ]


def test_long_sentences_are_cut_at_clauses() -> None:
    text = ", ".join(["this clause belongs to a very long sentence"] * 12) + "."
    found = texts(text)
    assert len(found) > 2
    assert all(piece.endswith((",", ".")) and len(piece) <= 240 for piece in found)


def test_marks_that_need_no_space() -> None:
    assert texts("पहला।दूसरा।") == ["पहला।", "दूसरा।"]
    assert texts("ایک۔دو؟") == ["ایک۔", "دو؟"]


def test_chinese_is_cut_shorter_and_at_its_commas() -> None:
    found = texts("，".join(["这是一个非常长的句子的一部分"] * 12) + "。")
    assert len(found) > 2
    assert all(piece.endswith(("，", "。")) and len(piece) <= 80 for piece in found)


def test_long_words_are_cut_and_do_not_crash() -> None:
    assert "".join(texts("x" * 1000)) == "x" * 1000
    assert max(map(len, texts("w" * 200 + " " + "v" * 200))) <= 240


@pytest.mark.parametrize("text", ["", " \n\n ", "...", "— ! ?"])
def test_nothing_to_say(text: str) -> None:
    assert texts(text) == []


def test_a_sentence_comes_before_the_rest_is_written() -> None:
    written = []

    def writer():
        for part in ["One sentence. ", "Another one that is a bit longer", " than the first one was. ", "Last."]:
            written.append(part)
            yield part

    assert next(sentences(writer())).text == "One sentence."
    assert len(written) < 4


PROSE = st.text(st.sampled_from("ab.AB?!… ,;\n\"'1é你。-क।ک۔؟¿"), max_size=400) | st.lists(
    st.sampled_from(["Dr.", "Smith", "went", "home.", "The", "end", "e.g.", "3.5", "Really?!", "\n\n", "\n", "well..."])
).map(" ".join)


@given(PROSE, st.lists(st.integers(1, 30), min_size=1), st.integers(20, 80))
def test_how_the_text_arrives_makes_no_difference(text: str, sizes: list[int], limit: int) -> None:
    def parts():
        position = 0
        while position < len(text):
            size = sizes[position % len(sizes)]
            yield text[position : position + size]
            position += size

    assert list(sentences(parts(), limit)) == list(sentences(text, limit))


@given(PROSE, st.integers(20, 80))
def test_every_letter_is_said_once_in_pieces_within_the_limit(text: str, limit: int) -> None:
    found = list(sentences(text, limit))
    assert re.sub(r"[\W_]", "", "".join(u.text for u in found)) == re.sub(r"[\W_]", "", text)
    assert all(0 < len(u.text) <= limit for u in found)
    assert all(u.pause_after >= 0 for u in found)
