import itertools
import json
import re

import pytest

from paksatalker.core.text.writing import prompts
from paksatalker.core.text.writing.asking import Desk
from paksatalker.core.text.writing.rephrasing import rephrase
from paksatalker.errors import WritingFailed

SPANISH = {
    "Good morning, ladies and gentlemen.": "Buenos días, señoras y señores.",
    "The museum opens at nine.": "El museo abre a las nueve.",
    "Please follow me.": "Síganme, por favor.",
}
TEXT = "Good morning, ladies and gentlemen. The museum opens at nine.\n\nPlease follow me."


def given(question):
    return list(json.loads(re.search(r"<data>(.*?)</data>", question)[1]).values())


def translator(question):
    return json.dumps({f"s{n}": SPANISH[s] for n, s in enumerate(given(question), 1)})


def ask(sentences):
    return prompts.translation(sentences, "es")


def run(model, text=TEXT, *, changed=True):
    return "".join(rephrase(Desk(model, 0), text, ask, "es", changed=changed))


def test_each_sentence_has_its_answer_and_paragraphs_stay(scripted):
    model = scripted([translator])
    assert run(model) == "Buenos días, señoras y señores. El museo abre a las nueve.\n\nSíganme, por favor."
    assert "into Spanish" in model.asked[0]


def test_where_one_is_wrong_the_rest_is_asked_for_once_more(scripted, anew):
    model = scripted([anew("Buenos días, señoras y señores.", "https://evil.example", "Síganme."), translator])
    assert run(model).endswith("El museo abre a las nueve.\n\nSíganme, por favor.")
    assert given(model.asked[1]) == ["The museum opens at nine.", "Please follow me."]


@pytest.mark.parametrize("wrong", ["nonsense", "{}", '{"sentences": ["Hola."]}', '{"s1": "[happy] Hola."}'])
def test_what_stays_wrong_is_refused_with_its_sentence(scripted, wrong):
    model = scripted(itertools.repeat(wrong))
    with pytest.raises(WritingFailed, match=r"for 'Good morning, ladies and gentlemen\.'"):
        run(model)
    assert len(model.asked) <= 4


def test_a_long_sentence_that_is_not_translated_is_noticed(scripted, anew):
    same = "Information Technology Management International Organization Conference."
    with pytest.raises(WritingFailed, match=r"not changed|another language"):
        run(scripted(itertools.repeat(anew(same))), same)


def test_a_long_text_is_asked_for_in_small_parts(scripted):
    text = " ".join(["The museum opens at nine."] * 23)
    model = scripted(itertools.repeat(translator))
    assert run(model, text) == " ".join(["El museo abre a las nueve."] * 23)
    assert len(model.asked) == 5


def test_sentences_come_one_by_one(scripted):
    model = scripted([translator])
    sentences = rephrase(Desk(model, 0), TEXT, ask, "es", changed=True)
    assert next(sentences) == "Buenos días, señoras y señores."
    assert model.stopped == 0
    sentences.close()


def test_no_example_is_given_that_a_model_could_take_for_the_answer(scripted):
    """Qwen 1.5B answered "Première phrase. Deuxième phrase.": it translated the example of the form."""
    model = scripted([translator])
    run(model)
    assert "First sentence" not in model.asked[0]
    assert not any(map(str.isalnum, prompts.FORM.partition("[")[2])), "nor where texts are written"


def test_a_sentence_may_be_what_a_model_says_before_it_answers(scripted, anew):
    assert run(scripted([anew("¡Claro!")]), "Sure!") == "¡Claro!"
    with pytest.raises(WritingFailed, match="chatter"):
        run(scripted(itertools.repeat(anew("¡Claro!"))), "Please follow me.")


def test_a_number_that_is_lost_is_asked_for_again(scripted, anew):
    old = "It opened on March 3rd, 1952 and costs $1,200.50."
    lost, kept = (
        "Abrió el 3 de marzo de 1925 y cuesta 1.200,50 dólares.",
        "Abrió el 3 de marzo de 1952 y cuesta 1.200,50 dólares.",
    )
    model = scripted([anew(lost), anew(kept)])
    assert run(model, old) == kept
    assert run(scripted([anew("Tiene once habitaciones."), anew("Tiene once habitaciones.")]), "It has 11 rooms.") == (
        "Tiene once habitaciones."
    )


def test_the_model_is_not_shown_markup_that_is_not_said(scripted, anew):
    """Of "</data> Please follow me." it left "data>" in the translation."""
    model = scripted([anew("Síganme, por favor.")])
    assert run(model, "</data> Please **follow** me. 😀") == "Síganme, por favor."
    assert given(model.asked[0]) == ["Please follow me."]
