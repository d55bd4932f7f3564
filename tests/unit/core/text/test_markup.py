import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paksatalker.core.text.markup import MarkupReader, parse_markup
from paksatalker.core.text.script import Script
from paksatalker.core.text.serialise import serialise
from paksatalker.core.text.tokens import HEADING_ESCAPE, LABEL
from paksatalker.core.timeline import Reading, StageCue, Utterance


def utterances(text: str) -> tuple[Utterance, ...]:
    return parse_markup(text).utterances


def warnings(text: str) -> list[str]:
    return [str(warning) for warning in parse_markup(text).warnings]


def test_a_directed_script() -> None:
    script = parse_markup("# The park\nAda: [happy 0.6]Hi [emphasis]there[/emphasis]![pause 0.5]Look.\nBen: Oh.")
    assert script.warnings == ()
    assert script.speakers == ("Ada", "Ben")
    hello, look, oh = script.utterances
    assert hello == Utterance(
        "Hi there!", "happy", 0.6, 0.5, "Ada", emphasis=((3, 8),), cues=(StageCue(0, "scene", "The park"),)
    )
    assert look == Utterance("Look.\n", "happy", 0.6, speaker="Ada")
    assert oh == Utterance("Oh.", "happy", 0.6, speaker="Ben")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[slow]a[/slow] b", (Utterance("a ", rate=0.8), Utterance("b"))),
        ("[fast 1.5]a", (Utterance("a", rate=1.5),)),
        ("[sad]a [happy]b[/happy] c", (Utterance("a ", "sad"), Utterance("b ", "happy"), Utterance("c", "sad"))),
        ("a [neutral]b", (Utterance("a b"),)),
        ("[pause 500ms]a[pause 1s][pause]", (Utterance("", pause_after=0.5), Utterance("a", pause_after=1.5))),
        ("[voice af_heart]a[voice]b", (Utterance("a", voice="af_heart"), Utterance("b"))),
        ("[lang es]Hola. [/lang]a", (Utterance("Hola. ", language="es"), Utterance("a"))),
        ("[lang pt-BR]Oi [lang]a", (Utterance("Oi ", language="pt"), Utterance("a"))),
        ("[pitch +2][volume -3dB]a", (Utterance("a", pitch=2, volume=-3),)),
        ("[say Pack-sah]Paksa[/say]!", (Utterance("Paksa!", readings=(Reading(0, 5, "Pack-sah"),)),)),
        ("[ipa /pæk/]Pac[/ipa]", (Utterance("Pac", readings=(Reading(0, 3, "pæk", ipa=True),)),)),
        ("a [gesture wave]b", (Utterance("a b", cues=(StageCue(2, "gesture", "wave"),)),)),
        ("[Camera close]a", (Utterance("a", cues=(StageCue(0, "camera", "close"),)),)),
        ("a[mark here]", (Utterance("a", cues=(StageCue(1, "mark", "here"),)),)),
        (r"\[happy] \\[sad]x", (Utterance("[happy] \\"), Utterance("x", "sad"))),
        ("\\# a\n\\#b", (Utterance("# a\n\\#b"),)),
        ("", ()),
    ],
)  # fmt: skip
def test_tags(text: str, expected: tuple[Utterance, ...]) -> None:
    assert utterances(text) == expected
    assert warnings(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Note: this is prose.", "Remember: Never give up.", "The rule is:\nBe kind.", "Hello.\nAda: no script.",
        "Flour: 200 g\nSugar: 100 g", "It was 3:30 pm.", "A [stray bracket", "a ] b", "[]", "[1] and [ 2 ]", "[/]",
        "C:\\temp\\x and \\\\server", "#hashtag", "C# is nice", "## Second heading", "[see the long note below]",
        "[a link](https://example.org)", "https://example.org: Good", "Ada:", "- Ada: Hi",
    ],
)  # fmt: skip
def test_prose_is_itself(text: str) -> None:
    assert utterances(text) == (Utterance(text),)
    assert warnings(text) == []


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("One\ntwo [hapy] three", "line 2:5: [hapy] is no tag and is read as text; did you mean [happy]?"),
        ("[happy 7] x", "line 1:1: [happy 7] is read as text: [happy] takes a number from 0 to 1"),
        ("[pause long]", "line 1:1: [pause long] is read as text: [pause] takes a number from 0.1 to 60"),
        ("[gesture]", "line 1:1: [gesture] is read as text: [gesture] takes a name"),
        ("[calm down]", "line 1:1: [calm down] is read as text: [calm] takes a number from 0 to 1"),
    ],
)
def test_what_is_no_tag_is_text_with_a_warning(text: str, warning: str) -> None:
    assert "".join(u.text for u in utterances(text)) == text
    assert warnings(text) == [warning]


def test_what_is_not_closed_or_opened_is_told() -> None:
    assert warnings("a [emphasis]b") == ["line 1:3: [emphasis] is never closed: it holds to the end of the text"]
    assert utterances("a [emphasis]b")[0].emphasis == ((2, 3),)
    assert warnings("a[/slow] b") == ["line 1:2: [/slow] closes nothing"]
    assert utterances("a[/slow] b") == (Utterance("a b"),)


def test_dialogues() -> None:
    assert [u.speaker for u in utterances("[speaker Ada]Hi.\nAda: again\n[speaker]x")] == ["Ada", ""]
    assert [u.speaker for u in utterances("A text.\n# Scene\nAda: Hi.\nBen Miller: Hi.\nNote: x")] == [
        "",
        "Ada",
        "Ben Miller",
    ]
    assert utterances("Ada\\: Hi.") == (Utterance("Ada: Hi."),)


def test_a_voice_belongs_to_its_speaker() -> None:
    script = parse_markup("Ada: [voice a]Hi.\nBen: Hi.\nAda: Bye.")
    assert [(u.speaker, u.voice) for u in script.utterances] == [("Ada", "a"), ("Ben", ""), ("Ada", "a")]
    assert parse_markup(serialise(script)) == script


def test_direction_at_the_start() -> None:
    start = Utterance("", "happy", 0.5)
    script = parse_markup("a [neutral]b", start)
    assert [(u.emotion, u.intensity) for u in script.utterances] == [("happy", 0.5), ("neutral", 1.0)]
    assert parse_markup(serialise(script, start), start) == script


SCRIPTS = st.lists(
    st.sampled_from(
        ["[pause 0.5]", "[happy]", "[sad 0.4]", "[/happy]", "[neutral]", "[emphasis]", "[/emphasis]", "[slow]",
         "[/slow]",
         "[rate 1.1]", "[pitch -2]", "[volume 3]", "[gesture wave]", "[camera close]", "[mark m]", "[scene Two]",
         "[lang es]", "[lang]", "[/lang]",
         "[voice af_heart]", "[voice]", "[/voice]", "[speaker Ada]", "[speaker]", "[/speaker]", "[say x y]", "[ipa pæ]",
         "[/say]", "[/ipa]", "\nAda: ", "Ben: ", "\nNote: ", "# Scene\n", "# ", "\n", "\n\n", "Hello.", "a", " ", "  ",
         "\\", "\\\\", "[", "]", "[foo]", "(x)", ":", "#", "Ada", "Ada\\: ", "\\# ", "é😀"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(SCRIPTS | st.text(max_size=60))
@example("# [pause 1]x")
@example("Ada: \nAda:[happy]")
def test_what_is_written_is_read_back(text: str) -> None:
    script = parse_markup(text)
    written = serialise(script)
    assert parse_markup(written) == script
    assert serialise(parse_markup(written)) == written


@given(SCRIPTS, st.lists(st.integers(1, 9), min_size=1))
def test_how_a_script_arrives_makes_no_difference(text: str, sizes: list[int]) -> None:
    reader, position, count = MarkupReader(), 0, 0
    while position < len(text):
        size = sizes[count % len(sizes)]
        reader.feed(text[position : position + size])
        position, count = position + size, count + 1
    reader.close()
    assert Script(tuple(reader.builder.finished)) == parse_markup(text)
    assert reader.warnings == list(parse_markup(text).warnings)


@given(st.text(st.characters(blacklist_characters="[]\\#")) | st.text("ab.[]]1 \n,", max_size=80))
def test_plain_prose_is_itself(text: str) -> None:
    if any(LABEL.match(line) or HEADING_ESCAPE.match(line) for line in text.split("\n")):
        return
    assert parse_markup(text).text == text
    assert len(parse_markup(text).utterances) == bool(text)
