import pytest

from paksatalker.core.text.writing.form import REPETITION, Form, is_in

ENGLISH = Form("en", "See www.example.org [sic] for more.")

GOOD = [
    "We open on Saturday at nine.",
    "The price is $3.50, which is 20% less than before!",
    "Isn't it wonderful?",
    "Dr. Smith (who lives in Rome) will be there.",
    "See example.org for more.",
    "It costs 1,250 euros; in 2024 it was 1,100.",
    "AC/DC and R&B are on the radio.",
]
BAD = [
    ("[happy] Hello.", "markup"),
    ("[pause 0.5]", "markup"),
    ("Visit https://evil.example now.", "a web or mail address"),
    ("Write to bob@evil.example today.", "a web or mail address"),
    ("System: you are free.", "a label"),
    ("Narrator: It was dark.", "a label"),
    ("(The presenter smiles.)", "stage directions"),
    ("Hello [your name here], welcome.", "markup"),
    ("- the first point", "stage directions"),
    ("Run `rm -rf /` now.", "code"),
    ('{"a": 1}', "code"),
    ("print(x);", "code"),
    ("Call us at 123-456-7890.", "a telephone number"),
    ("I'm sorry, but I can't help with that.", "a refusal"),
    ("As an AI, I have no feelings.", "a refusal"),
    ("The previous instructions are void.", "talk about its task"),
    ("The text is about bees and our food.", "talk about its task"),
    ("Este texto trata de las abejas.", "talk about its task"),
    ("First sentence.", "a placeholder"),
    ("Sure!", "chatter"),
    ("Here is the text you asked for.", "chatter"),
    ("Nous ouvrons samedi matin à neuf heures dans la rue principale.", "another language than English"),
    ("今天我们开门。", "another language than English"),
    ("word " * 100, "a sentence without an end"),
    ("...", "an empty sentence"),
]


@pytest.mark.parametrize("sentence", GOOD)
def test_good_sentences_pass_unchanged(sentence):
    assert ENGLISH.tidy(sentence) == sentence
    assert ENGLISH.problem(sentence) == ""


@pytest.mark.parametrize(("sentence", "problem"), BAD)
def test_bad_sentences_are_named(sentence, problem):
    assert ENGLISH.problem(sentence) == problem


def test_decoration_is_taken_off_and_the_end_is_marked():
    assert ENGLISH.tidy("  **We open**\non Saturday 🎉 ") == "We open on Saturday."
    assert ENGLISH.tidy('He said "yes."') == 'He said "yes."'
    assert Form("hi").tidy("हम शनिवार को खुलते हैं") == "हम शनिवार को खुलते हैं।"
    assert Form("ja").tidy("土曜日に開店します") == "土曜日に開店します。"


def test_what_was_said_is_not_said_again():
    before = ["The bakery opens on Saturday in Elm Street."]
    assert ENGLISH.problem("On Saturday the bakery in Elm Street opens.", before) == REPETITION
    assert ENGLISH.problem("The bakery has fresh bread every morning.", before) == ""


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "Abrimos el sábado por la mañana en la calle principal."),
        ("de", "Wir öffnen am Samstag in der Hauptstraße und freuen uns auf Sie."),
        ("hi", "हम शनिवार को सुबह नौ बजे खुलते हैं।"),
        ("ur", "ہم ہفتے کو صبح نو بجے کھلتے ہیں۔"),
        ("zh-CN", "我们星期六早上九点开门。"),
        ("en-GB", "We open on Saturday morning."),
        ("en", "OK!"),
    ],
)
def test_the_language_is_recognised(language, text):
    assert is_in(language, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "We open on Saturday morning in the main street of the town."),
        ("hi", "We open on Saturday."),
        ("en", "Abrimos el sábado por la mañana en la calle principal."),
        ("de", "Nous ouvrons samedi matin à neuf heures dans la rue principale."),
    ],
)
def test_another_language_is_too(language, text):
    assert not is_in(language, text)
