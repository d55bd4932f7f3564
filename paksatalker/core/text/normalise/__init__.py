"""Normalisation: what is said for numbers, money, dates, times, units, abbreviations, addresses and signs."""

from paksatalker.core.text.normalise.normaliser import normalise, normaliser_for, spoken_text
from paksatalker.core.text.normalise.tables import LANGUAGES

__all__ = ["LANGUAGES", "normalise", "normaliser_for", "spoken_text"]
