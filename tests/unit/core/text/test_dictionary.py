import pytest

from paksatalker.core.text.dictionary import Dictionary
from paksatalker.core.timeline import Reading, Utterance
from paksatalker.errors import InvalidOption


def test_words_get_their_readings() -> None:
    words = Dictionary.read(["# names", "", "Paksa = Pack-sah", "New York = /nuːjɔːk/"])
    found = words.apply(Utterance("paksa's in  new   york, not Paksan."))
    assert found.readings == (Reading(0, 5, "Pack-sah"), Reading(12, 22, "nuːjɔːk", ipa=True))


def test_the_scripts_own_reading_wins() -> None:
    own = Utterance("Paksa", readings=(Reading(0, 5, "x"),))
    assert Dictionary.read(["Paksa=Pack-sah"]).apply(own) == own


@pytest.mark.parametrize(
    "line", ["Paksa", "= x", "Paksa =", "Paksa = ...", "Paksa = [x]", "Paksa = /z☃z/", "Paksa = /p1/"]
)
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(InvalidOption, match=r"line 2 of names\.txt"):
        Dictionary.read(["a = b", line], "names.txt")


def test_every_letter_and_mark_of_the_phonetic_alphabet_is_taken() -> None:
    ipa = "ˈpʰæ̃ˑkʼ.sə‿ˌt͡ʃeɪˀ ǃa ɚ̝ː˥˩ o|ɡ-ɫ"
    (reading,) = Dictionary.read([f"Paksa = /{ipa}/"]).apply(Utterance("Paksa")).readings
    assert reading.spoken == ipa
