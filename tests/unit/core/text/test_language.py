import pytest

from paksatalker.core.text import language
from paksatalker.core.text.language import assign_languages, detect, document_language
from paksatalker.core.timeline import Utterance


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("नमस्ते, आप कैसे हैं?", "hi"), ("मेरा नाम John है", "hi"), ("نمستے، آپ کیسے ہیں؟", "ur"), ("یہ میرا گھر ہے۔", "ur"),
        ("مرحبا بكم في البرنامج", "ar"), ("こんにちは、元気ですか。", "ja"), ("東京は大きい", "ja"), ("你好世界", "zh"),
        ("Привет", "ru"), ("Привіт, як справи? Її немає.", "uk"), ("안녕하세요", "ko"),
        ("Καλημέρα", "el"), ("שלום", "he"),
    ],
)  # fmt: skip
def test_scripts_tell_whatever_is_expected(text: str, expected: str) -> None:
    assert detect(text, "en") == document_language(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bonjour tout le monde, je suis content d'être avec vous.", "fr"),
        ("Das ist ein Test, und er ist nicht schwer.", "de"),
        ("Hola a todos, hoy vamos a hablar de la economía.", "es"),
        ("¿Cómo estás?", "es"),
        ("Olá, eu sou a Ana e hoje vamos falar de economia.", "pt"),
        ("Ciao a tutti, oggi parliamo di economia.", "it"),
        ("This is a sentence in the middle of others.", "en"),
        ("Senkt Kosten und steigert Qualität", "de"),
    ],
)
def test_sentences_in_latin_letters(text: str, expected: str) -> None:
    for around in ("en", "es", ""):
        assert detect(text, around) == expected
    assert document_language(text, "en") == expected


@pytest.mark.parametrize("around", ["en", "es", "fr", "de", "pt", "it"])
@pytest.mark.parametrize("text", ["OK", "Paris", "42!", "No.", "", "…", "Super!", "Maria Rossi", "Dr. Smith: $5 (USD)"])
def test_what_does_not_tell_is_in_the_language_around_it(text: str, around: str) -> None:
    assert detect(text, around) == around


@pytest.mark.parametrize(
    "text",
    [
        "The word señor is Spanish.", "We ate jalapeño peppers at the café.", "She said 你好 to all of us.",
        "São Paulo and Köln are cities.", "Dr. Smith paid $3.5 million.", "Quarterly revenue rose", "I live in La Paz.",
        "Write to hola@ejemplo.es, please.", "He sang Que sera sera in Los Angeles.",
    ],
)  # fmt: skip
def test_foreign_words_do_not_make_an_english_sentence_foreign(text: str) -> None:
    assert detect(text, "en") == "en"


def test_statistics_are_not_loaded_for_plain_english(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("loaded")

    monkeypatch.setattr(language, "_statistics", refuse)
    text = "Welcome to the show. Today we talk about three things. Profits soared again. Dr. Smith paid $3.5 million."
    assert document_language(text, "en") == "en"
    assert {detect(sentence, "en") for sentence in text.split(". ")} == {"en"}


def test_a_document_is_told_through_its_markup() -> None:
    assert document_language("[happy]Hola a todos. [pause 1]¿Qué tal?[/happy]", "en") == "es"
    assert document_language("<speak><p>Hola a todos, <break/> ¿qué tal?</p></speak>", "en") == "es"
    assert document_language("Hola", "en") == "es"
    assert document_language("Paris", "fr") == "fr"


def test_sentences_get_their_language_as_they_come() -> None:
    asked = []

    def writer():
        for text in ("Good morning to all of you.", "Wow!", "Buenos días a todos ustedes.", "Vale.", "नमस्ते।", "OK."):
            asked.append(text)
            yield Utterance(text)

    assigned = assign_languages(writer(), expected="en")
    assert next(assigned).language == "en"
    assert len(asked) == 1
    assert [u.language for u in assigned] == ["en", "es", "es", "hi", "hi"]


def test_what_the_writer_says_wins() -> None:
    sentences = [Utterance("Chat.", language="fr"), Utterance("The end of it."), Utterance("", pause_after=1)]
    assert [u.language for u in assign_languages(sentences, "de")] == ["fr", "de", ""]
    assert [u.language for u in assign_languages(sentences)] == ["fr", "en", ""]
