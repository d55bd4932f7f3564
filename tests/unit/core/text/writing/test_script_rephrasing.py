import pytest

from paksatalker.core.text.markup import parse_markup
from paksatalker.core.text.writing.script_rephrasing import is_directed, rephrased_script

SPANISH = {
    "Hello!": "¡Hola!",
    "This is really good news, Paksa.": "Son muy buenas noticias, Paksa.",
    "Is it?": "¿De veras?",
    "Tell me everything.": "Cuéntamelo todo.",
    "Good bye.": "Adiós.",
}


def translated(script: str, language: str = "") -> tuple[str, tuple[str, ...]]:
    return rephrased_script(parse_markup(script), lambda sentences: (SPANISH[s] for s in sentences), language)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("[happy]Hello! [/happy]Is it?", "[happy]¡Hola! [neutral]¿De veras?"),
        ("Hello! [pause 0.5]Good bye.", "¡Hola! [pause 0.5]Adiós."),
        ("[slow]Hello! Is it?[/slow]\n\nGood bye.", "[slow]¡Hola! ¿De veras?[rate 1]\n\nAdiós."),
        ("[gesture wave]Hello!", "[gesture wave]¡Hola!"),
        ("[emphasis]Hello![/emphasis] Good bye.", "[emphasis]¡Hola![/emphasis] Adiós."),
        ("This is really good news, [say Pack-sah]Paksa[/say].", "Son muy buenas noticias, [say Pack-sah]Paksa[/say]."),
    ],
)
def test_direction_stays_around_its_sentences(script: str, expected: str) -> None:
    markup, notes = translated(script)
    assert parse_markup(markup) == parse_markup(expected)
    assert notes == ()


def test_speakers_headings_and_cues_stay() -> None:
    markup, notes = translated(
        "# In the park\nAda: [happy]Hello! [pause 0.5]\nBen: Is it? [camera close]Tell me everything."
    )
    script = parse_markup(markup)
    assert script.speakers == ("Ada", "Ben")
    assert [(cue.kind, cue.value) for _, cue in script.cues()] == [("scene", "In the park"), ("camera", "close")]
    assert script.text == "¡Hola! \n¿De veras? Cuéntamelo todo."
    assert notes == ()


def test_what_cannot_be_kept_is_told() -> None:
    markup, notes = translated("This is [emphasis]really[/emphasis] good news, Paksa.")
    assert markup == "Son muy buenas noticias, Paksa."
    assert notes == ("the stress on “really” is lost: the new sentence has no such words",)


def test_a_cue_inside_of_a_sentence_stays_between_words() -> None:
    markup, _ = translated("This is [gesture nod]really good news, Paksa.")
    assert parse_markup(markup).text == SPANISH["This is really good news, Paksa."]
    assert " [gesture nod]" in markup


def test_a_translation_is_in_its_language() -> None:
    markup, _ = translated("[lang en]Hello![/lang] Good bye.", "es")
    assert parse_markup(markup).utterances[0].language == "es"


@pytest.mark.parametrize(("text", "directed"), [("Plain [1] prose, a [stray bracket.", False), ("", False),
    ("[happy]Hello!", True), ("Ada: Hello!", True), ("A [pause]b.", True), ("# Scene\nA.", True),
    ("[emphasis]A[/emphasis] b.", True)])  # fmt: skip
def test_scripts_are_told_from_plain_text(text: str, directed: bool) -> None:
    assert is_directed(parse_markup(text)) is directed


def test_a_heading_before_a_pronunciation_is_no_other_direction() -> None:
    """Read back, a heading and a sentence are one utterance, whose marks came in another order: it was refused."""
    markup, notes = translated("# One\nHello! This is really good news, [say Pack-sah]Paksa[/say].")
    assert markup == "# One\n¡Hola! Son muy buenas noticias, [say Pack-sah]Paksa[/say]."
    assert notes == ()
