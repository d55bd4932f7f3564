"""What a sentence that a model wrote must be like before anybody says it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from paksatalker.core.languages import primary
from paksatalker.core.text.clean import clean_text
from paksatalker.core.text.scripts import count_scripts, language_name, scripts_of
from paksatalker.core.text.tokens import TAG

#: What is wrong with a sentence that says what was said before.
REPETITION = "a repetition"
#: Longest sentence, characters.
LONGEST = 400

_ENDS = ".!?…。！？।۔"
_CLOSERS = "\"'”’»)」』"
_END_MARKS = {"hi": "।", "ur": "۔", "zh": "。", "ja": "。"}
_ADDRESS = re.compile(r"https?://|www\.|\b[\w.+-]+@[\w-]+\.\w|\b[\w-]+\.(?:com|org|net|io|example)\b", re.IGNORECASE)
_CODE = re.compile(r"[{}<>\\^~|`=]|```|\$[A-Za-z_]|;\s*$|::|\(\)")
_ROLE = re.compile(
    r"\s*(?:system|user|assistant|human|ai|narrator|presenter|host|speaker|output|response|answer|title|scene|note)\s*[:：]",
    re.IGNORECASE,
)
_STAGE = re.compile(r"[\[\]【】]|^\s*[(*].*[)*]\s*$|^\s*[-*•#>]|\*\*|__")
_PLACEHOLDER = re.compile(
    r"^\W*(?:first|second|third) sentence\W*$|\b(?:x{3,}|lorem ipsum|your name|company name|insert [a-z ]+ here)\b",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w.,])\+?\(?\d{2,4}\)?(?:[ .-]\d{2,4}){2,}(?!\w)")
_REFUSING = re.compile(
    r"\b(?:as an ai\b|language model|"
    r"i(?:'m| am) (?:sorry|unable|not able)\b.{0,40}\b(?:can|assist|help|fulfil|provide)|"
    r"i (?:cannot|can't) (?:assist|help|fulfil|comply|provide)|how can i (?:help|assist) you)",
    re.IGNORECASE,
)
_CHATTER = re.compile(
    r"(?:sure|of course|certainly|absolutely|here (?:is|are|you go)\b.*|por supuesto|claro(?: que sí)?|bien sûr|"
    r"certainement|"
    r"natürlich|gerne|certamente|claro que sim|com certeza)[!.,:]*",
    re.IGNORECASE,
)
_ABOUT_ITSELF = re.compile(
    r"\b(?:json|system prompt|(?:previous|above) instructions|this (?:brief|prompt)|the (?:viewers|presenter)|"
    r"last sentence|rounds? (?:the|this) text|(?:the|this) text (?:is|was|tells|ends|describes|explains)|"
    r"(?:este|el) texto (?:es|trata|habla)|(?:ce|le) texte (?:est|parle|traite)|(?:dieser|der) text (?:ist|handelt)|"
    r"(?:este|o) texto (?:é|trata|fala)|(?:questo|il) testo (?:è|tratta|parla))\b",
    re.IGNORECASE,
)
_WORD = re.compile("[^\\W_]{4,}|[\u0250-\uffff]+")  # small words are in every sentence
_SAME = 0.6  # share of words in common from which two sentences say the same
_SURE = 12.0  # nats by which another language must be likelier
_COMMON = ("en", "es", "fr", "de", "it", "pt", "nl", "hi", "ur", "zh", "ja", "ko", "ar", "ru", "pl", "tr", "sv")
_SHORT = 20  # letters, below which no language is told


@dataclass(frozen=True, slots=True)
class Form:
    """What sentences are held to.

    Attributes:
        language: What they are to be written in, a BCP-47 tag.
        source: What the user gave. Addresses, brackets and the like may recur if they stand there.
    """

    language: str
    source: str = ""

    def tidy(self, sentence: str) -> str:
        """A sentence without decoration and on one line, with a mark at its end."""
        text = " ".join(clean_text(sentence).split()).strip("*_` ")
        if text and text.rstrip(_CLOSERS)[-1:] not in _ENDS:
            text = text.rstrip(",;:—–-") + _END_MARKS.get(primary(self.language), ".")
        return text

    def problem(self, sentence: str, before: Sequence[str] = ()) -> str:
        """Why a tidied sentence is not to be said; empty where nothing is wrong with it.

        Args:
            sentence: As :meth:`tidy` gives it.
            before: What was said before it: it must not be said again.
        """
        if not any(map(str.isalnum, sentence)):
            return "an empty sentence"
        if len(sentence) > LONGEST:
            return "a sentence without an end"
        for name, pattern in _FORBIDDEN:
            if (match := pattern.search(sentence)) and match[0].strip() not in self.source:
                return name
        if _CHATTER.fullmatch(sentence.strip("¡ ")) and not _CHATTER.fullmatch(self.source.strip("¡ ")):
            return "chatter"
        if any(unicodedata.category(char) in ("Cc", "Co", "Cn") for char in sentence):
            return "control characters"
        if repeats(sentence, before):
            return REPETITION
        if not is_in(self.language, sentence):
            return f"another language than {language_name(self.language)}"
        return ""


_FORBIDDEN: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("markup", TAG), ("a web or mail address", _ADDRESS), ("a label", _ROLE), ("stage directions", _STAGE),
    ("code", _CODE), ("a placeholder", _PLACEHOLDER), ("a telephone number", _PHONE), ("a refusal", _REFUSING),
    ("talk about its task", _ABOUT_ITSELF),
)  # fmt: skip


def repeats(sentence: str, before: Sequence[str]) -> bool:
    """Whether a sentence says what one before it says: most of the words are the same."""
    words = _words(sentence)
    return any(
        len(words & old) > _SAME * min(len(words), len(old)) and len(words & old) > 1 for old in map(_words, before)
    )


def is_in(language: str, text: str) -> bool:
    """Whether a text may be in a language: false only where that is rather sure."""
    letters = count_scripts(text)
    own = sum(letters[script] for script in scripts_of(language))
    if own * 2 < sum(letters.values()):
        return False
    if sum(map(str.isalpha, text)) < _SHORT:
        return True
    from py3langid import rank

    wanted = primary(language)
    scores = dict(rank(text))
    if wanted not in scores:
        return True
    best = max(scores[other] for other in _COMMON if other in scores)
    return bool(scores[wanted] >= best - _SURE)


@lru_cache(maxsize=512)
def _words(sentence: str) -> frozenset[str]:
    return frozenset(_WORD.findall(sentence.casefold()))


def spaced(sentences: Iterable[str]) -> Iterator[str]:
    """Sentences as pieces of a running text: each but the first with the space before it."""
    for number, sentence in enumerate(sentences):
        yield f" {sentence}" if number else sentence
