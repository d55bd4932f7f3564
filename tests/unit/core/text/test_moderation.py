import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.text.moderation import Moderator, Verdict, WordList, fold
from paksatalker.core.timeline import Reading, Utterance
from paksatalker.errors import TextRefused, TextUnreadable

LIST = WordList(["badger", "cunt", "très mal", "no way", "слово", "坏话", "c++", "", "  "])


@pytest.mark.parametrize(
    "text",
    [
        "A badger!", "BADGER", "the Badger's den", "ｂａｄｇｅｒ", "b\u200bad\u00adger", "bádgêr",
        "b\u0336a\u0336dger", "𝐛𝐚𝐝𝐠𝐞𝐫", "bаdgеr", "ΒADGER tonight", "tres  mal", "TRÈS\nMAL", "No way.",
        "это Слово!", "我说坏话了", "I like c++.", "ⓑⓐⓓⓖⓔⓡ",
    ],
)  # fmt: skip
def test_words_are_found_in_any_dress(text):
    assert not LIST(text).allowed


@pytest.mark.parametrize(
    "text", ["Scunthorpe", "badgers", "two badgering men", "tres malos", "now ayes", "словом", "c", "", "a bad gerund"]
)
def test_whole_words_only(text):
    assert LIST(text).allowed


def test_another_language_is_not_taken_for_tricks():
    assert WordList(["cop"])("Уберите этот сор отсюда.").allowed
    assert not WordList(["cop"])("Call a сор now.").allowed


@given(st.text(max_size=60))
def test_folding_is_stable_and_never_fails(text):
    assert fold(fold(text)) == fold(text)
    WordList([text])(text)


def test_an_empty_list_allows_everything():
    assert WordList([])("anything").allowed


class TestFile:
    def test_lines_are_words_and_comments(self, tmp_path):
        path = tmp_path / "words.txt"
        path.write_text("# do not say\nbadger\n\nno way\n", encoding="utf-8")
        listed = WordList.load(path)
        assert not listed("no way").allowed
        assert listed("do not say").allowed

    def test_a_missing_file_names_the_setting(self, tmp_path):
        with pytest.raises(TextUnreadable, match="PAKSATALKER_BLOCKLIST"):
            WordList.load(tmp_path / "absent.txt")


class TestModerator:
    def test_the_reason_of_a_hook_is_told_and_the_word_is_not(self):
        with pytest.raises(TextRefused, match="too political"):
            Moderator([lambda text: Verdict("vote" not in text, "too political")]).check("vote now")
        with pytest.raises(TextRefused) as caught:
            Moderator([LIST]).check("a badger")
        assert "badger" not in str(caught.value)
        assert caught.value.exit_code == 26

    def test_every_utterance_is_asked_about_before_it_is_passed_on(self):
        passed = []
        with pytest.raises(TextRefused):
            passed.extend(Moderator([LIST]).watch([Utterance("Hello."), Utterance("A badger."), Utterance("Bye.")]))
        watched = Moderator([LIST]).watch([Utterance("Hello."), Utterance("A badger.")])
        assert next(watched).text == "Hello."
        with pytest.raises(TextRefused):
            next(watched)

    def test_a_phrase_over_two_utterances_is_seen(self):
        with pytest.raises(TextRefused):
            list(Moderator([LIST]).watch([Utterance("There is no"), Utterance("way out")]))

    def test_what_is_heard_counts_not_only_what_is_shown(self):
        shown = Utterance("Hello you.", readings=(Reading(6, 9, "badger"),))
        with pytest.raises(TextRefused):
            list(Moderator([LIST]).watch([shown]))

    def test_a_list_and_a_hook_are_both_asked(self, tmp_path):
        path = tmp_path / "words.txt"
        path.write_text("badger", encoding="utf-8")
        moderator = Moderator.of(path, lambda text: Verdict("vote" not in text))
        for text in ("badger", "vote"):
            with pytest.raises(TextRefused):
                moderator.check(text)
        moderator.check("fine")
        Moderator.of(None).check("badger")
