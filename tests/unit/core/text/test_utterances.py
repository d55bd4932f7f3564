import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.text.clean import readable_for
from paksatalker.core.text.markup import parse_markup
from paksatalker.core.text.sentences import CLAUSE_PAUSE, PARAGRAPH_PAUSE, SENTENCE_PAUSE, sentences
from paksatalker.core.text.utterances import cut_script, readable_script, stream_script
from paksatalker.core.timeline import Reading, StageCue, Utterance
from paksatalker.errors import TextEmpty, TextTooLong, TextUnspeakable


def cut(text: str) -> list[Utterance]:
    return list(cut_script(readable_script(parse_markup(text))[0]))


def test_sentences_inside_marked_text_keep_their_direction() -> None:
    found = cut("[happy]One. Two is [emphasis]great. Three[/emphasis] too. [slow]Four.")
    assert [(u.text, u.emotion, u.rate, u.emphasis) for u in found] == [
        ("One.", "happy", 1.0, ()),
        ("Two is great.", "happy", 1.0, ((7, 13),)),
        ("Three too.", "happy", 1.0, ((0, 5),)),
        ("Four.", "happy", 0.8, ()),
    ]


def test_places_survive_cleaning_and_joined_lines() -> None:
    text = "🙂 **Look** at   [emphasis]me[/emphasis], [say Pack-sah]Paksa[/say] & co. And\nthen [gesture wave]go!"
    first, second = cut(text)
    assert first.text == "Look at me, Paksa & co."
    assert [first.text[a:b] for a, b in first.emphasis] == ["me"]
    assert first.readings == (Reading(12, 17, "Pack-sah"),)
    assert second.text[second.cues[0].at :] == "go!"


@pytest.mark.parametrize(
    ("text", "pauses"),
    [
        ("One. [pause 0.5]Two.", [0.5, SENTENCE_PAUSE]),
        ("One.[pause 1] [pause 2] Two.", [1, 2, SENTENCE_PAUSE]),
        ("[pause 1]One.", [1, SENTENCE_PAUSE]),
        ("Well, [pause 0.7] yes", [0.7, SENTENCE_PAUSE]),
        ("One [slow]two[/slow], three.", [0.0, CLAUSE_PAUSE, SENTENCE_PAUSE]),
        ("[happy]One.[/happy]\n\nTwo.", [PARAGRAPH_PAUSE, SENTENCE_PAUSE]),
        ("One.\n# Scene\nTwo.", [PARAGRAPH_PAUSE, SENTENCE_PAUSE]),
        ("[speaker Ada]One [speaker Ben]two", [SENTENCE_PAUSE, SENTENCE_PAUSE]),
    ],
)
def test_pauses(text: str, pauses: list[float]) -> None:
    assert [u.pause_after for u in cut(text)] == pauses


def test_cues_between_sentences_belong_to_the_next() -> None:
    one, two, end = cut("One. [gesture wave] Two. [camera close]")
    assert one.cues == ()
    assert two.cues == (StageCue(0, "gesture", "wave"),)
    assert (end.text, end.cues) == ("", (StageCue(0, "camera", "close"),))


def test_a_sentence_comes_before_the_rest_is_written() -> None:
    written = []

    def writer():
        for part in ["[happy]One sen", "tence.[/happy] Another ", "one that is a bit longer. ", "Last."]:
            written.append(part)
            yield part

    assert next(stream_script(writer())) == Utterance("One sentence.", "happy", pause_after=SENTENCE_PAUSE)
    assert len(written) < 4


PARTS = st.lists(
    st.sampled_from(
        ["[happy]", "[neutral]", "[emphasis]", "[/emphasis]", "[slow]", "[/slow]", "[pause 1]", "[gesture wave]",
         "\n\n",
         "[say x]", "[/say]", "\n# Scene\n", "Hello there.", " ", "Dr. Who", "[lang es]",
         " and", " so it goes on and on", "Go!",
         "\n"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(PARTS, st.lists(st.integers(1, 20), min_size=1))
def test_streaming_gives_the_same_sentences(text: str, sizes: list[int]) -> None:
    def parts():
        position = 0
        while position < len(text):
            size = sizes[position % len(sizes)]
            yield text[position : position + size]
            position += size

    assert list(stream_script(parts())) == list(stream_script([text])) == list(cut_script(parse_markup(text)))


@given(st.text(st.sampled_from("ab.AB?!… ,;\n\"'1é你。-*_`()<>&|"), max_size=300))
def test_plain_prose_is_cut_as_ever(text: str) -> None:
    if not any(c.isalnum() for c in text):
        return
    try:
        readable = readable_for(text)
    except TextUnspeakable:
        return
    script, notes = readable_script(parse_markup(text))
    assert notes == list(readable.warnings)
    assert list(cut_script(script)) == list(sentences(readable.text))


def test_bad_text_is_refused() -> None:
    with pytest.raises(TextEmpty):
        readable_script(parse_markup("[happy] \n"))
    with pytest.raises(TextTooLong):
        readable_script(parse_markup("[happy]" + "a " * 100), max_characters=100)
    with pytest.raises(TextUnspeakable):
        readable_script(parse_markup("[happy]你好，世界。"))
    assert readable_script(parse_markup("[happy]" + "a " * 49), max_characters=100)
