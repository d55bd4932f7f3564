import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.audio.g2p import LANGUAGES, make_pronouncer, missing_package
from paksatalker.core.audio.g2p.base import from_ipa
from paksatalker.core.audio.g2p.chinese import read_number
from paksatalker.core.audio.phones import is_phone, segments
from paksatalker.core.timeline import ARPABET

RULES = ("es", "fr", "hi", "it", "pt")
NEEDS = {"ja": "pyopenjtalk", "zh": "pypinyin"}

CASES = {
    "es": {
        "ciudad": "θjuðˈad", "tengo": "tˈɛŋɡo", "un vino": "um bˈino",
        "guerra": "ɡˈera", "pingüino": "piŋɡwˈino", "queso": "kˈeso", "llave": "ʎˈaβe",
        "rey": "rˈA", "México": "mˈexiko", "jamón": "xamˈon", "hoy": "ˈoɪ", "exacto": "eksˈakto", "niña": "nˈiɲa",
        "perro": "pˈero", "pero": "peɾo", "reímos": "reˈimos", "día": "dˈia", "acción": "akθjˈon", "aunque": "ˈWnke",
        "la ventana": "la βentˈana", "un beso": "um bˈeso", "BBC": "bˈe βˈe θˈe",
    },
    "it": {
        "città": "ʧitːˈa", "scienza": "ʃˈɛnʦa", "amici": "amˈiʧɪ", "figlio": "fˈiʎo", "gnocchi": "ɲˈɔkːɪ",
        "casa": "kˈaza", "sbaglio": "zbˈaʎo", "medico": "mˈɛdiko", "scelgono": "ʃˈelɡono", "perché": "perkˈe",
        "acqua": "ˈakːwa", "zio": "ʦˈio", "l'amico": "lamˈiko", "giorno": "ʤˈorno", "vedere": "vedˈere",
        "prendere": "prˈɛndere",
        "vorrei": "vorɾˈɛi", "prendersi": "prˈɛndersɪ", "lavorano": "lavˈɔrano", "stesso": "stˈeSo", "paura": "paˈura",
        "ragazzo": "raɡˈaʦːo", "poesia": "poezˈia", "notizia": "notˈiʦja", "lungo": "lˈuŋɡo", "settimane": "setːimˈane",
    },
    "pt": {
        "cidade": "sˌidˈaʤi", "coração": "kˌoɾasˈɐ̃ʊ̃", "mulher": "muljˈɛr", "ninho": "nˈiɲʊ", "leite": "lˈAʧi",
        "Brasil": "brazˈiʊ", "carro": "kˈaxʊ", "táxi": "tˈaksi", "exame": "ˌezˈɐ̃mi", "também": "tɐ̃mbˈAŋ",
        "gente": "ʒˈAŋʧi", "as janelas": "az ʒˌænˈɛlæs", "energia": "ˌeneɾəʒˈiæ",
        "região": "xˌeʒiˈɐ̃ʊ̃", "tranquilo": "trˌɐ̃ŋkwˈilʊ", "guerra": "ɡˈɛxæ", "ela pode": "ˈɛlæ pˌɔʤi", "saiu": "saˈiʊ",
        "novo": "nˈovʊ", "nova": "nˈɔvæ", "fazer": "fazˈer",
    },
    "fr": {
        "bonjour": "bɔ̃ʒˈuʁ", "les enfants": "lez ɑ̃fˈɑ̃", "maison": "mɛzˈɔ̃", "restaurant": "ʁɛstoʁˈɑ̃",
        "Camille": "kamˈij", "ville": "vˈil", "ils jouent": "il ʒˈu", "souvent": "suvˈɑ̃", "femme": "fˈam",
        "bonne heure": "bˈɔn ˈœʁ", "forêt": "foʁˈɛ", "j'habite": "ʒabˈit", "est-ce que": "ɛ s kə",
        "le héros": "lə eʁˈo", "montagne": "mɔ̃tˈaɲ", "gagner": "ɡanjˈe", "la vue": "la vˈy",
        "nationale": "nasjonˈal", "ils proposent": "il pʁopˈoz", "soutien": "sutjˈɛ̃", "je suis": "ʒə syˈi",
        "malheureusement": "malœʁøzmˈɑ̃", "conscient": "kɔ̃sjˈɑ̃", "virus": "viʁˈys", "cœur": "kˈœʁ", "soeur": "sˈœʁ",
        "chapeau": "ʃapˈo", "parler": "paʁlˈe",
    },
    "hi": {
        "नमस्ते": "nəmˈʌsteː", "आज": "ˈaːɟ", "भारत": "bʰˈaːɾət", "लड़का": "lˈʌɽkˌaː", "ज्ञान": "ɡjˈaːn", "फ़ोन": "fˈoːn",
        "संस्कृत": "sˈʌnskɾɪt", "में": "me\u0303ː", "गांधी": "ɡˈa\u0303dʰi", "गिलास": "ɡɪlˈaːs",
        "बच्चे": "bˈʌcːeː", "समझना": "sˈʌməɟʰnˌaː", "office": "ˈɔfəs", "घूमने": "ɡʰˈuːmnˌeː", "क्या": "kːjaː",
    },
    "zh": {
        "你好": "ni↗xau↓", "绿色": "ly↘ sɤ↘", "儿子": "ɚ↗ʦɨ", "北京大学": "pei↓ʨi→ŋta↘ɕɥe↗",
        "2024年": "ɚ↘ li↗ŋ ɚ↘ sɨ↘ njɛ↗n",
    },
    "ja": {"今日は": "kʲoːβa", "東京へ": "toːkʲoːe", "天気": "teŋkʲi", "学校": "ɡaʔkoː", "3回": "saŋkai"},
}  # fmt: skip


def pronouncer(language: str):
    if language in NEEDS and importlib.util.find_spec(NEEDS[language]) is None:
        pytest.skip(f"{NEEDS[language]} is not installed")
    return make_pronouncer(language)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [(lang, text, said) for lang, cases in CASES.items() for text, said in cases.items()],
)
def test_words_are_pronounced(language, text, expected):
    assert pronouncer(language).pronounce(text).symbols == expected


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_marks_and_owners_belong_to_their_words(language):
    text = {"zh": "你好，世界！ AI。", "ja": "東京、大阪。"}.get(language, "«Ana», (mi) test - uno-due… BBC! नमस्ते।")
    found = pronouncer(language).pronounce(text)
    assert len(found.symbols) == len(found.owners)
    assert list(found.owners) == sorted(found.owners)
    assert "".join("".join(found.words).split()) == "".join(text.split())
    assert found.symbols[-1] in ".!"


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_every_phoneme_is_one_that_the_voice_and_the_mouth_know(language):
    hibari = importlib.util.find_spec("hibari")
    vocabulary = json.loads((next(Path(hibari.submodule_search_locations[0]).rglob("vocab.json"))).read_text("utf-8"))
    for text in CASES[language]:
        symbols = pronouncer(language).pronounce(text).symbols
        assert set(symbols) <= set(vocabulary), set(symbols) - set(vocabulary)
        phones = segments(symbols)
        assert all(phone.symbol in ARPABET for phone in phones)
        assert sum(phone.last - phone.first + 1 for phone in phones) == len(symbols.replace(" ", "")), "none is lost"


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_a_pronunciation_can_be_given(language):
    found = pronouncer(language).pronounce("[Paksa](/pækˈsɑ/)")
    assert (found.symbols, found.words) == ("pæksˈɑ", ("Paksa",))


def test_ipa_as_people_write_it():
    assert from_ipa("ˈt͡ʃaɪ.nə") == "ʧˈInə"
    assert from_ipa("ɡəʊ tuː") == "ɡəʊtuː"


@pytest.mark.parametrize("language", RULES)
@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=60))
def test_nothing_that_is_written_breaks_it(language, text):
    found = make_pronouncer(language).pronounce(text)
    assert len(found.symbols) == len(found.owners)
    assert all(0 <= owner < len(found.words) for owner in found.owners)


@pytest.mark.parametrize("language", RULES)
def test_long_words_are_said(language):
    word = {"hi": "नमस्ते"}.get(language, "tararira") * 30
    symbols = make_pronouncer(language).pronounce(word).symbols
    assert sum(map(is_phone, symbols)) > 100


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("0", "零"), ("10", "十"), ("105", "一百零五"), ("1000", "一千"), ("10050", "一万零五十"), ("120000", "十二万"),
        ("3.14", "三点一四"), ("100000001", "一亿零一"), ("007", "零零七"),
        ("12345678901234567", "一二三四五六七八九零一二三四五六七"),
    ],
)  # fmt: skip
def test_chinese_numbers(number, said):
    assert read_number(number) == said


def test_what_is_missing_is_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert missing_package("ja") == "pip install pyopenjtalk-plus"
    assert missing_package("es") is None
