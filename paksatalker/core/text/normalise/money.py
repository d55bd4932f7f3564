"""Amounts of money: ``$3.5 million``, ``1.234,56 €``, ``USD 20``."""

from __future__ import annotations

import re
from functools import lru_cache

from paksatalker.core.text.normalise.numbers import Numeral
from paksatalker.core.text.normalise.quantities import half_of_scale
from paksatalker.core.text.normalise.rules import SIGN, START, Rule, Tools, one_of
from paksatalker.core.text.normalise.tables import Currency

# Codes that are no word of another meaning; ALL, TOP and TRY are currencies too.
_CODES = (
    "USD EUR GBP JPY CNY INR PKR BRL CHF CAD AUD NZD MXN SEK NOK DKK PLN CZK HUF RUB KRW AED SAR QAR ARS CLP COP ZAR "
    "EGP NGN BDT LKR SGD HKD"
)
_CODE_OF = {"₩": "KRW", "₽": "RUB", "₺": "TRY", "₦": "NGN", "₱": "PHP", "₫": "VND", "₴": "UAH", "₪": "ILS", "zł": "PLN",
            "kr": "SEK", "₨": "PKR", "A$": "AUD", "C$": "CAD"}  # fmt: skip
_SIGN = r"(?P<sign>(?<![\w)\].,/])[-−+±](?=\S))?"
_SHORT_SCALES = frozenset("kKmMbBT")  # letters that belong to a number only where they touch it
_THOUSANDS = frozenset(("mil", "mille", "mila", "tausend", "thousand"))


def money(tools: Tools) -> list[Rule]:
    """Rules for amounts with the currency before or after them."""
    names = {*tools.language.currencies, *_CODES.split(), *_CODE_OF}
    symbol = rf"(?P<currency>{one_of(names)})"
    words = [scale for scale in tools.language.scales if scale not in _SHORT_SCALES]
    letters = "".join(scale for scale in tools.language.scales if scale in _SHORT_SCALES)
    long = rf"\s?(?P<scale>{one_of(words)})(?![\w])"
    scale = rf"(?:{long}|(?P<letter>[{letters}])(?![^\W\d_]))?" if letters else rf"(?:{long})?"
    apart = scale.replace("|(?P<letter>", r"|\s?(?P<letter>")
    number = rf"(?P<number>{tools.number})"

    def read(match: re.Match[str]) -> str | None:
        currency = _currency(match["currency"], tools)
        if currency is None:
            return None
        found = match.groupdict()
        size = tools.language.scales.get(found.get("scale") or found.get("letter") or "")
        return tools.signed(match, _amount(tools, tools.numeral(match["number"]), size, currency))

    return [
        Rule(re.compile(rf"{_SIGN}(?<![^\W\d_]){symbol}\.?\s?-?{number}(?!\d){scale}"), read),
        Rule(re.compile(rf"{SIGN}{START}{number}{apart}\s?{symbol}(?![\w])"), read),
        *_cents(tools, number),
    ]


def _cents(tools: Tools, number: str) -> list[Rule]:
    dollar = tools.language.currencies["$"]

    def read(match: re.Match[str]) -> str | None:
        numeral = tools.numeral(match["number"])
        name = dollar.cent if numeral.is_one else dollar.cents
        return f"{tools.count(numeral, name)} {name}"

    return [Rule(re.compile(rf"{START}{number}\s?¢"), read)]


def _amount(tools: Tools, numeral: Numeral, scale: tuple[str, str] | None, currency: Currency) -> str:
    language = tools.language
    if scale:
        name = scale[0] if numeral.is_one else scale[1]
        joint = " " if name in _THOUSANDS else language.scale_of
        count = half_of_scale(tools, numeral, name) or tools.count(numeral, name)
        return f"{count} {name}{joint}{currency.many}"
    cents = int(numeral.decimals) if len(numeral.decimals) == 2 and currency.cent else None
    if cents is None and set(numeral.decimals) - {"0"}:
        return f"{tools.numbers.numeral(numeral)} {currency.many}"
    whole = Numeral(numeral.whole, digits=numeral.digits)
    parts = []
    if whole.whole or not cents:
        name = currency.one if whole.is_one else currency.many
        parts.append(f"{tools.count(whole, name)}{tools.of(whole, name) or ' '}{name}")
    if cents:
        name = currency.cent if cents == 1 else currency.cents
        words = tools.count(Numeral(cents), name)
        named = language.cents_named or not parts
        if parts and not named and language.cents_join == " ":
            words = tools.numbers.cardinal(cents)
        parts.append(f"{words} {name}" if named else words)
    return language.cents_join.join(parts)


@lru_cache(maxsize=64)
def _from_cldr(code: str, tag: str) -> Currency | None:
    from babel.numbers import get_currency_name  # only texts with rarer currencies need it

    one, many = (get_currency_name(code, count, locale=tag) for count in (1, 2))
    return None if one == code else Currency(one, many)


def _currency(symbol: str, tools: Tools) -> Currency | None:
    return tools.language.currencies.get(symbol) or _from_cldr(_CODE_OF.get(symbol, symbol), tools.language.tag)
