"""Numbers that count, order or name something: numerals, ordinals, ranges, fractions, roman numerals, decades."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from paksatalker.core.text.normalise.calendar import german_form
from paksatalker.core.text.normalise.numbers import Numeral, plain_digits
from paksatalker.core.text.normalise.rules import SIGN, START, Rule, Tools, one_of, word_after, word_before
from paksatalker.core.text.normalise.tables import word_set
from paksatalker.core.text.normalise.units import is_rank

_VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"
_ROMAN = r"(?=[IVXLC])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_RULERS = word_set(
    "king queen pope emperor tsar rey reina papa rei rainha re regina roi reine pape könig königin papst kaiser "
    "elizabeth"
)
_INDIAN_SCALES = word_set("सौ हज़ार हजार लाख करोड़ अरब खरब سو ہزار لاکھ کروڑ ارب کھرب")
_HINDI_STEMS = {1: "पहल", 2: "दूसर", 3: "तीसर", 4: "चौथ", 6: "छठ"}
_NEUTER = word_set("Jahrhundert Jahrtausend Jahr Mal Kapitel Stockwerk Semester Quartal Obergeschoss Bundesland")
_QUEENS = word_set("isabel elisabeth elizabeth beatriz beatrix margrethe")
_MATRAS = frozenset("ािीुूृेैोौंँ")
_YEARS = range(1010, 2100)


def ordinals(tools: Tools) -> list[Rule]:
    """``1st``, ``2º``, ``3e``, ``4. Mai``, ``5वीं``."""
    pattern, genders = tools.language.ordinal_endings
    groups = "" if tools.language.comma_decimals else r"(?:,\d{2,3}){0,3}"
    if not pattern:
        return []

    def read(match: re.Match[str]) -> str | None:
        ending, number = match["ending"], int(match["number"].replace(",", ""))
        if tools.language.tag == "hi":
            return _hindi_ordinal(tools, number, ending)
        if tools.language.tag == "ur":
            return tools.numbers.ordinal(number, "f" if "ی" in ending else "o" if "ے" in ending else "")
        if tools.language.tag == "de":
            before = word_before(match).lower()
            form = (
                _german_neuter(match) or german_form(before)
                if ending == "."
                else {"ten": "n", "ter": "r", "tes": "s"}.get(ending, "")
            )
            return tools.numbers.ordinal(number, form)
        noun = word_after(match)
        if ending == "°" and not is_rank(tools.language, Numeral(number), noun):
            return None  # a temperature
        gender = genders.get(ending[-1], "")
        if tools.language.tag == "fr":
            gender = "f" if ending in ("re", "ère", "nde") else ""
        if "r" in genders.values() and not gender and noun.islower() and noun not in tools.language.functional:
            gender = "r"  # "primer piso"
        return tools.numbers.ordinal(number, gender)

    return [Rule(re.compile(rf"{START}(?<![\w.,])(?P<number>\d{{1,6}}{groups})(?P<ending>{pattern})(?![^\W_])"), read)]


def _german_neuter(match: re.Match[str]) -> str:
    """The ending before a neuter noun without an article: "21. Jahrhundert"."""
    return "s" if not word_before(match) and word_after(match) in _NEUTER else ""


def _hindi_ordinal(tools: Tools, number: int, ending: str) -> str:
    if number in _HINDI_STEMS:
        return _HINDI_STEMS[number] + ("ी" if "ी" in ending else "े" if "े" in ending else "ा")
    return tools.numbers.cardinal(number) + ending


def decades(tools: Tools) -> list[Rule]:
    """``1990s``, ``the '90s``, ``90er``."""

    def english(match: re.Match[str]) -> str:
        words = tools.numbers.year(int(match["number"]))
        return words[:-1] + "ies" if words.endswith("y") else words + "s"

    if tools.language.tag == "en":
        return [Rule(re.compile(r"(?<![\w.,$€£])['’]?(?P<number>(?:1[1-9]|20)?\d0)['’]?s(?!\w)"), english)]
    if tools.language.tag == "de":
        pattern = re.compile(r"(?<![\w.,])(?P<number>(?:1[1-9]|20)?\d0)er(?!\w)")
        return [Rule(pattern, lambda match: tools.numbers.year(int(match["number"])) + "er")]
    if tools.language.tag in ("es", "fr", "it", "pt"):
        pattern = re.compile(r"(?<![\w])['’](?P<number>[2-9]0)(?![\d\w])")
        return [Rule(pattern, lambda match: tools.numbers.cardinal(int(match["number"])))]
    return []


def numbered(tools: Tools) -> list[Rule]:
    """``No. 5``, ``№ 5``, ``#5``."""
    sign, word = tools.language.number_sign

    def read(match: re.Match[str]) -> str:
        return f"{word} {tools.numbers.numeral(tools.numeral(match['number']))}"

    return [Rule(re.compile(rf"(?<![\w&#]){sign}\s?(?P<number>{tools.number})(?![\d])"), read)]


def fractions(tools: Tools) -> list[Rule]:
    """``½``, ``2½``, ``3/4``, ``1 1/2``; ``24/7``."""
    language = tools.language

    def vulgar(match: re.Match[str]) -> str:
        value = Fraction(unicodedata.numeric(match["sign"])).limit_denominator(10)
        whole = match["whole"]
        return _fraction(tools, int(whole) if whole else None, value, _half_of(tools, match))

    def stroked(match: re.Match[str]) -> str | None:
        above, below = int(match["a"]), int(match["b"])
        whole = match["whole"]
        if 0 < above < below and below in language.fractions:
            return _fraction(tools, int(whole) if whole else None, Fraction(above, below), _half_of(tools, match))
        if whole:
            return None
        joint = " " if above == below or (above, below) in ((24, 7), (9, 11)) else f" {language.web['/']} "
        return tools.numbers.cardinal(above) + joint + tools.numbers.cardinal(below)

    return [
        Rule(re.compile(rf"{START}(?:(?P<whole>\d+)\s?)?(?P<sign>[{_VULGAR}])"), vulgar),
        Rule(
            re.compile(rf"{START}(?<![\w/.])(?:(?P<whole>\d+)\s)?(?P<a>\d{{1,3}})/(?P<b>\d{{1,3}})(?![\w/])"), stroked
        ),
    ]


def _half_of(tools: Tools, match: re.Match[str]) -> str:
    """The gender of what there is a half of."""
    noun = word_after(match)
    return tools.gender(noun) if noun and noun.lower() not in tools.language.functional else ""


def _fraction(tools: Tools, whole: int | None, part_of_one: Fraction, gender: str) -> str:
    language, numbers = tools.language, tools.numbers
    join, half = language.half
    if gender == "f":
        half = language.feminine_half or half
    above, below = part_of_one.as_integer_ratio()
    if (above, below) == (1, 2):
        if language.tag in ("hi", "ur"):
            short = ("डेढ़", "ढाई") if language.tag == "hi" else ("ڈیڑھ", "ڈھائی")
            if whole in (1, 2):
                return short[whole - 1]
            return f"{half} {numbers.cardinal(whole)}" if whole else language.fractions[2][0]
        if whole:
            return f"{numbers.cardinal(whole, gender)} {join} {half}" if join else numbers.cardinal(whole, "m") + half
        return {"en": "one half", "de": "einhalb", "fr": "un demi"}.get(language.tag, language.fractions[2][0])
    one, many = language.fractions[below]
    part = f"{numbers.cardinal(above, 'm')} {one if above == 1 else many}"
    if not whole:
        return part
    return " ".join(filter(None, [numbers.cardinal(whole), join or language.signs["&"], part]))


def half_of_scale(tools: Tools, numeral: Numeral, scale: str) -> str:
    """``2.5`` before a lakh or crore, which has words of its own in Hindi and Urdu; else nothing."""
    if numeral.decimals != "5" or scale not in _INDIAN_SCALES:
        return ""
    return _fraction(tools, numeral.whole or None, Fraction(1, 2), "")


def romans(tools: Tools) -> list[Rule]:
    """Roman numerals after words that take one, after names of kings, and before "century"."""
    language = tools.language
    rules = []

    def counted(match: re.Match[str]) -> str | None:
        number = roman(match["number"])
        ordinal = language.roman_ordinal and re.fullmatch(language.roman_ordinal, match["word"]) and number <= 10
        return tools.numbers.ordinal(number) if ordinal else tools.numbers.cardinal(number)

    if language.roman:
        rules.append(
            Rule(re.compile(rf"\b(?P<word>{language.roman})\s(?P<number>{_ROMAN})\b(?!['’.]\w)"), counted, "number")
        )
    if language.kings:
        rules.append(_king(tools))
    if language.roman_followed[0]:
        gender = language.roman_followed[1]
        pattern = rf"(?<![\w.])(?P<number>{_ROMAN})(?={language.roman_followed[0]})"
        rules.append(Rule(re.compile(pattern), lambda m: tools.numbers.ordinal(roman(m["number"]), gender), "number"))
    if language.tag == "es":
        rules.append(_spanish_century(tools))
    if language.tag == "fr":
        rules.append(_french_roman(tools))
    return rules


def _king(tools: Tools) -> Rule:
    """``Louis XIV``, ``Elizabeth II``."""
    language = tools.language

    def king(match: re.Match[str]) -> str | None:
        number = roman(match["number"].rstrip("."))
        if match["number"] == "I" and language.tag == "en" and not _is_ruler(match):
            return None  # the pronoun
        template, largest = language.king
        name = match["word"].lower()
        female = name in _QUEENS or (name[-1] in "aà" and "f" in language.ordinals)
        words = (
            tools.numbers.ordinal(number, "f" if female and "f" in language.ordinals else "")
            if number <= largest
            else tools.numbers.cardinal(number)
        )
        words = words.capitalize() if language.tag == "de" else words
        if female and language.tag == "de":
            template = template.replace("der", "die")
        return template.format(words) if number <= largest else words

    dot = r"(?:\.(?=\s\w|[,;:!?)]))?" if language.tag == "de" else ""
    pattern = rf"\b(?P<word>{language.kings})\s(?P<number>{_ROMAN}\b{dot})(?!['’.]\w)"
    return Rule(re.compile(pattern), king, "number")


def _spanish_century(tools: Tools) -> Rule:
    """``s. XIX``."""

    def century(match: re.Match[str]) -> str:
        return f"siglo {tools.numbers.cardinal(roman(match['number']))}"

    return Rule(re.compile(rf"(?<![\w.])[Ss]\.\s?(?P<number>{_ROMAN})\b(?!['’.]\w)"), century)


def _french_roman(tools: Tools) -> Rule:
    """``XXIe``."""

    def french(match: re.Match[str]) -> str | None:
        return tools.numbers.ordinal(roman(match["number"]), "f" if match["ending"] in ("re", "ère") else "")

    # "Le", "De" and "Me" are no numerals.
    pattern = rf"(?<![\w.])(?P<number>I(?=er|re)|[VX](?=e\s(?:siècle|République))|(?=[A-Z]{{2}}){_ROMAN})"
    return Rule(re.compile(pattern + r"(?P<ending>er|re|ère|e|ème)(?!\w)"), french)


def _is_ruler(match: re.Match[str]) -> bool:
    words = [match["word"].lower(), word_before(match, "word").lower()]
    return any(word in _RULERS for word in words)


def roman(text: str) -> int:
    """The value of a roman numeral."""
    values = [_ROMAN_VALUES[letter] for letter in text]
    return sum(-v if v < w else v for v, w in zip(values, [*values[1:], 0], strict=True))


def mixtures(tools: Tools) -> list[Rule]:
    """Digits that touch letters: ``A320``, ``4K``, ``B2B``, ``H₂O``, ``10k``."""
    language = tools.language

    def read(match: re.Match[str]) -> str:
        return tools.numbers.in_mixture(plain_digits(match[0]))

    def large(match: re.Match[str]) -> str | None:
        numeral = tools.numeral(match["number"])
        if match["scale"] == "K" and numeral.value < 10:
            return f"{tools.numbers.numeral(numeral)} K"  # 4K, a size of pictures
        name = language.scales[match["scale"]][0 if numeral.is_one else 1]
        return tools.signed(match, f"{tools.count(numeral, name)} {name}")

    short = [scale for scale in language.scales if len(scale) > 1 and scale.lower() not in language.scales[scale]]
    letters = [scale for scale in language.scales if scale in "kKM"] or ["k"]
    rules = []
    if short:
        rules.append(
            Rule(re.compile(rf"{SIGN}{START}(?P<number>{tools.number})\s?(?P<scale>{one_of(short)})(?!\w)"), large)
        )
    if letters[0] in language.scales:
        rules.append(
            Rule(re.compile(rf"{SIGN}{START}(?P<number>{tools.number})(?P<scale>{one_of(letters)})(?!\w)"), large)
        )
    rules.append(Rule(re.compile(r"(?<=[A-Za-z])[\d₀-₉]{1,12}(?![\d.,₀-₉]*\d)|(?<![\d.,])\d{1,12}(?=[A-Za-z])"), read))
    return rules


def numerals(tools: Tools) -> list[Rule]:
    """All other numbers."""
    language = tools.language

    def read(match: re.Match[str]) -> str:
        written = plain_digits(match["number"])
        numeral = tools.numeral(written)
        if (half := half_of_scale(tools, numeral, word_after(match))) and not match["sign"]:
            return half
        if written.isdigit() and len(written) == 4 and int(written) in _YEARS and not match["sign"]:
            return tools.numbers.year(numeral.whole)
        noun = word_after(match)
        joint = "" if noun.lower() in language.functional else tools.of(numeral, noun).rstrip()
        return tools.signed(match, tools.numbers.numeral(numeral, _agreement(tools, numeral, match)) + joint)

    rules = [Rule(re.compile(rf"{SIGN}{START}(?P<number>{tools.number})"), read)]
    if not language.comma_decimals:
        rules.insert(
            0,
            Rule(
                re.compile(rf"{SIGN}(?<![\w.])\.(?P<number>\d+)(?![\d.])"),
                lambda m: tools.signed(m, f"{language.point['.']} {tools.numbers.digits(m['number'])}"),
            ),
        )
    if language.tag == "fr":  # "un million d'habitants": the space is gone, too

        def elided(match: re.Match[str]) -> str | None:
            joint = tools.of(tools.numeral(match["number"]), match["noun"])
            return tools.numbers.numeral(tools.numeral(match["number"])) + joint if "'" in joint else None

        pattern = rf"(?P<all>{START}(?P<number>{tools.number})\s)(?P<noun>[^\W\d_]{{3,}})"
        rules.insert(0, Rule(re.compile(pattern), elided, "all"))
    if language.tag == "ur":
        rules.insert(0, _year_of_our_era(tools))
    if language.tag == "it":  # "un'ora"

        def before_vowel(match: re.Match[str]) -> str | None:
            return "un'" if tools.gender(match["noun"]) == "f" else None

        pattern = rf"(?P<all>{START}1\s)(?P<noun>[aeiouAEIOU][^\W\d_]+)"
        rules.insert(0, Rule(re.compile(pattern), before_vowel, "all"))
    return rules


def _year_of_our_era(tools: Tools) -> Rule:
    """``2024ء``, whose mark is not said."""

    def read(match: re.Match[str]) -> str:
        return tools.numbers.year(int(plain_digits(match["number"])))

    return Rule(re.compile(rf"{START}(?P<number>\d{{1,4}})\s?ء(?!\w)"), read)


def _agreement(tools: Tools, numeral: Numeral, match: re.Match[str]) -> str:
    """The gender of the noun after a number, if there is one that the number agrees with."""
    language = tools.language
    noun = word_after(match)
    if not language.cardinals or not noun or noun.lower() in language.functional or numeral.decimals:
        return ""
    if language.tag == "de":
        counts = numeral.is_one and noun[0].isupper() and not word_before(match)[:1].isupper()
    elif numeral.is_one:
        counts = not word_before(match) or word_before(match).lower() in language.functional
    elif language.tag == "it":
        counts = False
    else:
        counts = noun.endswith("s")
    return tools.gender(noun) if counts else ""


def ranges(tools: Tools) -> list[Rule]:
    """The dash in ``10–20``; ``3:1``."""
    word = tools.language.ranges
    closed = r"(?<=[\d%°€$£¥₹kmgCFhMKlL²³.])(?<!\s)(?<![-–]\d)"
    return [
        Rule(re.compile(rf"{closed}\s?[–—]\s?(?=[$€£¥₹]?\d)|(?<=\d)-(?=[$€£¥₹]?\d)"), lambda _match: word),
        Rule(re.compile(r"(?<=\d):(?=\d)"), lambda _match: tools.language.signs[":"]),
    ]


def by_name(tools: Tools, text: str, kind: str) -> str | None:
    """A number as SSML's ``say-as`` names its kind: ``cardinal``, ``ordinal``, ``digits``."""
    found = re.search(tools.number, text)
    if not found:
        return None
    numeral = tools.numeral(found[0])
    if kind == "ordinal":
        ending = text[found.end() :].strip()
        return tools.numbers.ordinal(numeral.whole, tools.language.ordinal_endings[1].get(ending[-1:], ""))
    sign = f"{tools.language.minus} " if re.match(r"\s*[-−]", text[: found.start()]) else ""
    return sign + tools.numbers.numeral(numeral)
