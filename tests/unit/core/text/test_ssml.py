import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.text.markup import parse_markup
from paksatalker.core.text.serialise import serialise
from paksatalker.core.text.ssml import is_ssml, parse_ssml
from paksatalker.core.timeline import Reading, StageCue, Utterance
from paksatalker.errors import ScriptInvalid


def read(inside: str) -> tuple[Utterance, ...]:
    script = parse_ssml(f"<speak>{inside}</speak>")
    assert parse_markup(serialise(script)).text == script.text
    return script.utterances


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("Hello\n  there.", (Utterance("Hello there."),)),
        ("<p><s>One.</s> <s>Two.</s></p><p>Three.</p>", (Utterance("One.\nTwo.\nThree.\n\n"),)),
        ("A<break time='500ms'/> b", (Utterance("A", pause_after=0.5), Utterance("b"))),
        ("A <emphasis>b</emphasis> c", (Utterance("A b c", emphasis=((2, 3),)),)),
        ("<prosody rate='80%' pitch='+2st' volume='-6dB'>a</prosody>", (Utterance("a", rate=0.8, pitch=2, volume=-6),)),
        ("<sub alias='World Wide Web'>WWW</sub>", (Utterance("WWW", readings=(Reading(0, 3, "World Wide Web"),)),)),
        ("<phoneme alphabet='ipa' ph='pæk'>Pac</phoneme>", (Utterance("Pac", readings=(Reading(0, 3, "pæk", True),)),)),
        ("<say-as interpret-as='characters'>a1</say-as>", (Utterance("a1", readings=(Reading(0, 2, "A one"),)),)),
        ("<voice name='heart'>a</voice> b", (Utterance("a ", voice="heart"), Utterance("b"))),
        ("A <mark name='m'/>b", (Utterance("A b", cues=(StageCue(2, "mark", "m"),)),)),
        ("1 &lt; 2 &amp; 3", (Utterance("1 < 2 & 3"),)),
    ],
)  # fmt: skip
def test_elements(inside: str, expected: tuple[Utterance, ...]) -> None:
    found = read(inside)
    assert [u.text.split() for u in found] == [u.text.split() for u in expected]
    assert [(u.emphasis, u.readings, u.cues, u.rate, u.pitch, u.volume, u.voice, u.pause_after) for u in found] == [
        (u.emphasis, u.readings, u.cues, u.rate, u.pitch, u.volume, u.voice, u.pause_after) for u in expected
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<speak>never closed",
        "<speak><p></speak>",
        "<other>x</other>",
        '<!DOCTYPE speak [<!ENTITY a "aaaa">]><speak>&a;</speak>',
        '<!DOCTYPE speak SYSTEM "file:///etc/passwd"><speak>x</speak>',
        "<speak>&unknown;</speak>",
        "<speak>" + "<p>" * 100 + "</p>" * 100 + "</speak>",
    ],
)
def test_bad_documents_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(ScriptInvalid, match=r"line \d+:\d+"):
        parse_ssml(text)


def test_what_is_not_known_is_told() -> None:
    script = parse_ssml("<speak>\n<audio src='x'>y</audio><prosody rate='9'>z</prosody></speak>")
    assert script.text.split() == ["yz"]
    assert [(w.line, w.column) for w in script.warnings] == [(2, 1), (2, 25)]


@pytest.mark.parametrize(
    ("kind", "written", "language", "spoken"),
    [
        ("characters", "ab-1", "en", "A B dash one"), ("spell-out", "ñ2", "es", "Ñ dos"),
        ("telephone", "+1 555 0100", "en", "plus one, five five five, zero one zero zero"),
        ("telephone", "06 12 34 56 78", "fr", "zéro six, douze, trente-quatre, cinquante-six, soixante-dix-huit"),
        ("digits", "1945", "de", "eins neun vier fünf"),
        ("cardinal", "1945", "en", "one thousand nine hundred forty-five"),
        ("ordinal", "3", "es", "tercero"), ("ordinal", "21", "en", "twenty-first"),
        ("number", "-1.5", "en", "minus one point five"),
        ("currency", "$5.20", "en", "five dollars and twenty cents"), ("unit", "5 km", "it", "cinque chilometri"),
        ("time", "14:30", "de", "vierzehn Uhr dreißig"), ("fraction", "3/4", "pt", "três quartos"),
        ("date", "3/4/2026", "en", "March fourth, twenty twenty-six"),
        ("date' format='dmy", "3/4/2026", "en", "April third, twenty twenty-six"),
        ("date' format='ymd", "20260403", "es", "tres de abril de dos mil veintiséis"),
        ("date' format='my", "4/2026", "fr", "avril deux mille vingt-six"),
        ("cardinal", "२१", "hi", "इक्कीस"), ("ordinal", "3", "ur", "تیسرا"),
    ],
)  # fmt: skip
def test_say_as_in_the_language_around_it(kind: str, written: str, language: str, spoken: str) -> None:
    text = f"<speak xml:lang='{language}'>x <say-as interpret-as='{kind}'>{written}</say-as>.</speak>"
    (found,) = parse_ssml(text).utterances
    assert found.text == f"x {written}."
    assert [(found.text[r.start : r.end], r.spoken) for r in found.readings] == [(written, spoken)]


def test_say_as_of_a_document_that_does_not_say_its_language() -> None:
    text = "<speak>Hola a todos, hoy es <say-as interpret-as='ordinal'>3</say-as>.</speak>"
    assert parse_ssml(text).utterances[0].readings[0].spoken == "tercero"


def test_languages_of_elements() -> None:
    script = parse_ssml(
        "<speak xml:lang='en-US'>Hi. <lang xml:lang='fr'>Salut.</lang> <s xml:lang='es-MX'>Hola.</s><p>End.</p>"
        "<voice name='x' xml:lang='de'>Ja.</voice></speak>"
    )
    assert [(u.text.strip(), u.language) for u in script.utterances] == [
        ("Hi.", "en"), ("Salut.", "fr"), ("Hola.", "es"), ("End.", "en"), ("Ja.", "de"),
    ]  # fmt: skip
    (warned,) = parse_ssml("<speak xml:lang='?!'>x</speak>").warnings
    assert "no language tag" in str(warned)


def test_ssml_is_told_from_prose() -> None:
    assert is_ssml("\n<?xml version='1.0'?>\n<speak>")
    assert is_ssml("<speak version='1.1'>")
    assert not is_ssml("They speak <speak>")
    assert not is_ssml("<speaker>")


@given(st.text("<>/&;speakb \n=\"'", max_size=60))
def test_nothing_else_goes_wrong(text: str) -> None:
    try:
        script = parse_ssml("<speak>" + text)
    except ScriptInvalid:
        return
    assert parse_markup(serialise(script)).text == script.text
