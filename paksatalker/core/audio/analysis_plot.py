"""A picture of an analysed recording: sound with its words, melody with accents and phrase ends, loudness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from paksatalker.core.audio.analysis import Analysis
from paksatalker.errors import InvalidOption, OutputUnwritable
from paksatalker.requirements import require_extra

_SUFFIXES = (".png", ".svg", ".pdf")
_INCHES_A_SECOND, _NARROWEST, _WIDEST = 1.3, 9.0, 60.0
_WORDS_UP_TO = 60.0  # seconds: beyond, words would be unreadable


def check_plot(path: Path) -> None:
    """Refuses a plot that could not be made, before any work is done.

    Raises:
        InvalidOption: The suffix means no picture format.
        EngineUnavailable: matplotlib is not installed.
    """
    if path.suffix.lower() not in _SUFFIXES:
        why = f"the suffix '{path.suffix}' means no picture format"
        raise InvalidOption(f"cannot plot to {path}", why, f"End the name in {', '.join(_SUFFIXES)}")
    require_extra("the plot cannot be drawn", "plot", "matplotlib")


def plot(analysis: Analysis, path: Path, title: str = "") -> None:
    """Draws the curves over time into a picture.

    Args:
        analysis: What to draw.
        path: ``.png``, ``.svg`` or ``.pdf``.
        title: Above the picture.

    Raises:
        InvalidOption: Another suffix.
        EngineUnavailable: matplotlib is not installed.
        OutputUnwritable: The file cannot be written.
    """
    check_plot(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width = float(np.clip(_INCHES_A_SECOND * analysis.duration, _NARROWEST, _WIDEST))
    figure = Figure(figsize=(width, 7.0), layout="constrained")
    FigureCanvasAgg(figure)
    sound, melody, loudness = figure.subplots(3, 1, sharex=True, height_ratios=(2, 3, 1.5))
    _draw_sound(sound, analysis)
    _draw_melody(melody, analysis)
    loudness.fill_between(analysis.curves.times, analysis.curves.energy, color="#d08a3c", linewidth=0)
    loudness.set_ylabel("loudness")
    loudness.set_ylim(0, 1.3)
    loudness.set_xlabel("seconds")
    for axes in (sound, melody, loudness):
        for start, end in analysis.pauses:
            axes.axvspan(start, end, color="#e9edf2", zorder=0, linewidth=0)
        axes.spines[["top", "right"]].set_visible(False)
    loudness.set_xlim(0, max(analysis.duration, 0.1))
    if title:
        figure.suptitle(title)
    try:
        figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
    except OSError as error:
        raise OutputUnwritable(f"cannot write {path}", error.strerror or str(error), "Choose another place") from error


def _draw_sound(axes: Any, analysis: Analysis) -> None:
    curves = analysis.curves
    axes.fill_between(curves.times, -curves.peak, curves.peak, color="#5b7ea4", linewidth=0)
    top = max(float(curves.peak.max(initial=0.0)), 0.05)
    axes.set_ylim(-1.15 * top, 1.9 * top)
    axes.set_ylabel("sound")
    if analysis.duration > _WORDS_UP_TO:
        return
    glyphs = _glyphs()
    for index, word in enumerate(analysis.words):
        axes.axvline(word.start, color="#c9d2dc", linewidth=0.6, zorder=0)
        height = (1.22, 1.42, 1.62)[index % 3] * top  # neighbours must not run into each other
        written = word.text and all(ord(char) in glyphs for char in word.text)
        label = word.text if written else " ".join(phone.symbol for phone in word.phones)
        axes.text((word.start + word.end) / 2, height, label, ha="center", fontsize=7.5)


def _draw_melody(axes: Any, analysis: Analysis) -> None:
    curves = analysis.curves
    axes.plot(curves.times, np.where(curves.f0 > 0, curves.f0, np.nan), color="#2b6f4e", linewidth=1.6)
    for moment, strength in analysis.accents:
        nearby = curves.f0[(np.abs(curves.times - moment) < 0.06) & (curves.f0 > 0)]
        if len(nearby):
            axes.plot(moment, nearby.max(), "o", color="#b4433a", markersize=3 + 4 * strength, label="_")
    for boundary in analysis.boundaries:
        axes.axvline(boundary.time, color="#7a5aa0", linewidth=1.2, linestyle="-" if boundary.major else ":")
    axes.set_ylabel("pitch, Hz")
    axes.set_title(
        "dots: accents   lines: phrase ends (dotted: within a sentence)   grey: pauses", fontsize=8, loc="left"
    )


def _glyphs() -> frozenset[int]:
    """Characters that the picture's font has; words with others are shown as their phones."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
