"""Which language a sentence is written in: by its script, by its little words, and only then by statistics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from paksatalker.core.text.language_model import LanguageModel
from paksatalker.core.text.scripts import count_scripts
from paksatalker.core.timeline import Utterance

#: Languages in Latin letters that are told apart.
LATIN_LANGUAGES: tuple[str, ...] = ("en", "es", "fr", "de", "pt", "it")

_BY_SCRIPT = {
    "DEVANAGARI": "hi", "CYRILLIC": "ru", "GREEK": "el", "HEBREW": "he", "HANGUL": "ko", "HIRAGANA": "ja",
    "KATAKANA": "ja", "CJK": "zh", "BOPOMOFO": "zh", "BENGALI": "bn", "GURMUKHI": "pa", "GUJARATI": "gu", "TAMIL": "ta",
    "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "SINHALA": "si", "THAI": "th", "LAO": "lo", "TIBETAN": "bo",
    "MYANMAR": "my", "KHMER": "km", "GEORGIAN": "ka", "ARMENIAN": "hy", "ETHIOPIC": "am", "MONGOLIAN": "mn",
}  # fmt: skip
_URDU = re.compile("[ٹڈڑںےہھۓۂۃ]")
_PERSIAN = re.compile("[پچژگکی]")
_ARABIC = re.compile("[ةىأإآؤئيك]")
_UKRAINIAN = re.compile("[їєґі]", re.IGNORECASE)
_MARATHI = re.compile("[ळ]")

# Little words; those of several languages count for each. None of them is common in another one's sentences.
_WORDS: dict[str, str] = {
    "en": "the of and to is that it was for you with are this be have not they at from his her or we an were there "
    "been has will would which their if can what when your my our how who i he she but all about do does did don't "
    "it's i'm you're we're that's let's isn't hello hi hey please thanks thank yes here where why welcome by on in as "
    "so just should could than then them some any more no up out very these those its into over after before also",
    "es": "el la los las de que y en un una es por con para no se del al lo su más como pero sus le ya o este sí "
    "porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni "
    "contra otros ese eso ante ellos está están son fue era soy eres somos tengo tiene hola gracias adiós buenos "
    "buenas días qué cómo cuánto dónde yo tú usted nosotros mi tu hoy aquí señor bien mañana ayer cuesta hace",
    "fr": "le la les de des du et un une est que en dans pour qui ne pas sur ce il elle au aux par plus avec se sont "
    "son sa ses je tu nous vous ils elles mais ou où comme cette ces c'est j'ai n'est l'on d'un d'une qu'il s'il être "
    "avoir fait très bien tout tous leur leurs y a été bonjour merci oui non monsieur madame mon ma mes votre notre "
    "aujourd'hui quand comment pourquoi ça ici chez suis es sommes êtes était à voici",
    "de": "der die das und ist nicht ein eine einen einem einer zu den dem des mit sich auf für im von als auch es an "
    "werden aus er hat dass sie nach wird bei um am sind noch wie über so zum war haben nur oder aber vor zur bis mehr "
    "durch man sein wurde wenn können ich du wir ihr mein dein unser hallo danke bitte ja nein guten tag morgen heute "
    "hier was wer wo warum kann muss soll mir mich uns ihnen gibt keine kein sehr gut in beim vom ins",
    "pt": "o a os as de que e do da em um uma para com não por mais dos das se na no nas nos como mas foi ao ele ela "
    "eles elas tem à seu sua ou ser quando muito há já está eu também só pelo pela até isso entre depois sem mesmo aos "
    "seus quem me esse esta este você vocês são estão olá obrigado obrigada bom boa dia sim hoje aqui nós meu minha "
    "é onde porque era estou temos senhor custa amanhã ontem",
    "it": "il lo la i gli le di che e un una per in con non si del della dei delle degli al alla ai alle da dal "
    "dalla nel nella sono ma come più anche ha se mi ci questo questa o io tu lui lei noi voi loro era stato essere "
    "quando molto perché ciao grazie sì buongiorno dove cosa chi oggi qui mio mia suo sua sul sulla tutti tutto hanno "
    "ho hai abbiamo c'è l'ho costa domani ieri signor signora bene è",
}
_WORD_SETS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_LETTERS = {
    "es": re.compile("[ñ¿¡]", re.IGNORECASE), "de": re.compile("[ßäöü]", re.IGNORECASE),
    "pt": re.compile("[ãõ]", re.IGNORECASE), "fr": re.compile("[œèêçûîâ]", re.IGNORECASE),
    "it": re.compile("[ìò]|[àèù](?![^\\W\\d_])", re.IGNORECASE),
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NOT_PROSE = re.compile(r"\S+@\S+|(?:https?://|www\.)\S+|[@#]\w+|\[[^\[\]]{0,120}\]|<[^<>]{0,400}>")
_TELLING = frozenset(
    ("hola", "gracias", "adiós", "bonjour", "merci", "danke", "hallo", "guten", "obrigado", "olá", "ciao", "grazie")
)
_SURE = 0.9  # probability that statistics must have to overrule what the sentences before were written in
_SHORT, _LONG = 4, 8  # words below which statistics are not asked: where something is foreign, and where nothing is
_FEWEST = 3  # words of a text about which nothing is known
_SAMPLE = 3000  # characters that tell a document's language


def script_language(text: str) -> str:
    """The language that the script of most letters tells; empty for Latin letters and where there are none."""
    counts = count_scripts(text)
    if not counts:
        return ""
    script = counts.most_common(1)[0][0]
    if counts["CJK"] and (counts["HIRAGANA"] or counts["KATAKANA"]) and script != "LATIN":
        return "ja"
    if script == "ARABIC":
        if _URDU.search(text):
            return "ur"
        return "fa" if _PERSIAN.search(text) and not _ARABIC.search(text) else "ar"
    if script == "CYRILLIC" and _UKRAINIAN.search(text):
        return "uk"
    if script == "DEVANAGARI" and _MARATHI.search(text):
        return "mr"
    return _BY_SCRIPT.get(script, "")


def detect(text: str, expected: str = "") -> str:
    """The language of a sentence.

    Args:
        text: The sentence.
        expected: What the text around it is written in. A sentence that is short, or could be anything, is taken to
            be in that language.

    Returns:
        A BCP-47 primary tag; ``expected`` where nothing tells, which may be empty.
    """
    if by_script := script_language(text):
        kin = (by_script == "zh" and expected == "ja") or (by_script in ("ar", "fa") and expected == "ur")
        return expected if kin else by_script
    words = _words(text)
    scores = _scores(text, words)
    best = max(scores.values())
    leaders = [language for language, score in scores.items() if score == best]
    if not words or (best and expected in leaders):
        return expected
    if expected not in LATIN_LANGUAGES:
        return leaders[0] if best else _guess(text, words) or expected
    if len(leaders) == 1:
        lead = best - max(score for language, score in scores.items() if language not in leaders)
        if (lead >= 2 and scores[expected] * 2 < best) or (best >= 2 and not scores[expected] and len(words) < _SHORT):
            return leaders[0]
    if "¿" in text or "¡" in text:
        return "es"
    foreign = [language for language, pattern in _LETTERS.items() if language != expected and pattern.search(text)]
    if len(words) < (_SHORT if foreign or best else _LONG):
        return expected
    guess = _guess(text, words)
    return guess if guess and (not best or scores[guess] * 2 > best) else expected


def _words(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in _WORD.findall(_NOT_PROSE.sub(" ", text))]


def _guess(text: str, words: list[str]) -> str:
    """What statistics say, if they are sure; empty where they are not."""
    if len(words) < _FEWEST:
        return ""
    guess, probability = _statistics().classify(_NOT_PROSE.sub(" ", text))
    return guess if probability >= _SURE else ""


def _scores(text: str, words: list[str]) -> dict[str, float]:
    scores = {language: float(sum(word in _WORD_SETS[language] for word in words)) for language in LATIN_LANGUAGES}
    for language, pattern in _LETTERS.items():
        scores[language] += 0.5 * bool(pattern.search(text))
    return scores


@lru_cache(maxsize=1)
def _statistics() -> LanguageModel:
    """py3langid's model. It takes about a second, so it is loaded only for sentences that need it."""
    return LanguageModel(LATIN_LANGUAGES)


def document_language(text: str, expected: str = "") -> str:
    """The main language of a whole text.

    Args:
        text: The text, with or without markup; its beginning is looked at.
        expected: What a text is taken to be in that does not tell, such as the language of the voice.
    """
    text = _NOT_PROSE.sub(" ", text[:_SAMPLE])
    if by_script := script_language(text):
        return by_script
    words = _words(text)
    scores = _scores(text, words)
    best = max(scores.values())
    leaders = [language for language, score in scores.items() if score == best]
    if len(leaders) == 1 and (len(words) > 2 or not expected or _TELLING & set(words)):
        return leaders[0]
    return detect(text, expected)


def assign_languages(
    utterances: Iterable[Utterance], language: str | None = None, expected: str = ""
) -> Iterator[Utterance]:
    """Says of each sentence which language it is written in, one by one as they come.

    Args:
        utterances: Sentences. Those that say their language (``[lang es]``, ``xml:lang``) keep it.
        language: The language of all others, where the user has named it; None looks at each.
        expected: What the first sentences are in if they are too short to tell.
    """
    around = expected
    for utterance in utterances:
        if utterance.language or not utterance.text.strip():
            yield utterance
        elif language:
            yield replace(utterance, language=language)
        else:
            around = detect(utterance.text, around)
            yield replace(utterance, language=around)
