import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.text.markup import parse_markup
from paksatalker.core.text.writing import schemas
from paksatalker.core.text.writing.asking import Desk
from paksatalker.core.text.writing.directing import direct_by_lexicon, direct_by_model, written
from paksatalker.core.timeline import EMOTIONS
from paksatalker.errors import WritingFailed


class Wild:
    """A director who chooses everything that may be chosen, in turn."""

    name = "wild"

    def __init__(self):
        self.count = 0

    def stream(self, messages, schema, sampling):
        answer = {}
        for name, field in schema.model_fields.items():
            self.count += 1
            kinds = field.annotation.model_fields
            choose = {key: kind.annotation.__args__ for key, kind in kinds.items()}
            answer[name] = {key: options[self.count % len(options)] for key, options in choose.items()}
        yield json.dumps(answer)

    def close(self):
        """Nothing to end."""


def directed(text, model=None):
    script = parse_markup(text)
    return written(direct_by_model(Desk(model or Wild(), 0), script), script)


PIECES = st.sampled_from(
    [
        "Hello", "world", ".", "!", " ", "  ", "\n", "\n\n", "[", "]", "[happy]", "\\[", "Ada:", "# A heading", "3.5",
        "Dr.", "don't", "“quoted”", "[sic]", "…", "\\", "हिन्दी।", "今天。", "[pause 1]", "[emphasis]x[/emphasis]",
        "[gesture wave]", "[say Foo]bar[/say]", "\t", "é",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_no_word_is_changed(text):
    script = parse_markup(text)
    assert parse_markup(directed(text)).text == script.text
    lexicon = written(direct_by_lexicon(script), script)
    assert parse_markup(lexicon).text == script.text


def test_choices_become_markup(scripted):
    choice = {"emotion": "happy", "strength": "clearly", "stress": "news", "pause": "long", "gesture": "wave"}
    plain = {"emotion": "neutral", "strength": "slightly", "stress": "", "pause": "normal", "gesture": "none"}
    model = scripted([json.dumps({"s1": choice, "s2": plain})])
    markup = directed("This is great news! It is noon.", model)
    assert markup == (
        "[happy 0.7][gesture wave]This is great [emphasis]news[/emphasis]! [pause 0.8][neutral]It is noon."
    )


def test_direction_that_is_there_is_kept(scripted):
    choice = {"emotion": "happy", "strength": "strongly", "stress": "good", "pause": "long", "gesture": "wave"}
    model = scripted([json.dumps({"s1": choice})])
    markup = directed("[sad][gesture nod]A good [emphasis]day[/emphasis].[pause 2]", model)
    assert markup == "[sad][gesture nod]A good [emphasis]day[/emphasis].[pause 2]"


def test_a_gesture_does_not_follow_upon_another(scripted):
    choice = {"emotion": "neutral", "strength": "clearly", "stress": "", "pause": "normal", "gesture": "nod"}
    model = scripted([json.dumps({f"s{n}": choice for n in range(1, 6)})])
    text = "It is one. It is two. It is three. It is four. It is five."
    assert directed(text, model).count("[gesture nod]") == 2


@pytest.mark.parametrize(
    "change", [{"emotion": "furious"}, {"stress": "absent"}, {"pause": "5"}, {"gesture": "explode"}, {"text": "other"}]
)
def test_what_is_not_among_the_choices_is_asked_for_again_and_refused(scripted, change):
    choice = {"emotion": "happy", "strength": "clearly", "stress": "", "pause": "normal", "gesture": "none"} | change
    model = scripted([json.dumps({"s1": choice})] * 2)
    with pytest.raises(WritingFailed, match="asked again"):
        directed("This is great news!", model)


def test_long_texts_are_directed_in_parts():
    model = Wild()
    text = " ".join(f"This is sentence number {n}." for n in range(23))
    assert parse_markup(directed(text, model)).text == text
    assert model.count == 23


def test_choices_are_those_that_scripts_know():
    assert set(EMOTIONS) == set(
        schemas.directions([["a"]]).model_fields["s1"].annotation.model_fields["emotion"].annotation.__args__
    )
    for gesture in schemas.GESTURES[1:]:
        script = parse_markup(f"[gesture {gesture}]Hello.")
        assert not script.warnings
