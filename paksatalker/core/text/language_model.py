"""py3langid's statistics with a tenth of the memory: read from a file where a sentence needs them."""

from __future__ import annotations

import lzma
import mmap
import shutil
import zipfile
from array import array
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

_BLOCK = 1 << 14  # rows that are in memory at once


class LanguageModel:
    """Tells languages in Latin letters apart; takes about a second to load.

    py3langid itself holds 75 MB, and 100 MB while it loads: all its languages, and an automaton of which a sentence
    visits a few rows. That would come in the middle of a long text, with the first sentence that needs it. Here the
    automaton stays in a temporary file that has no name any more, and only the columns of ``languages`` are kept.

    Args:
        languages: ISO 639-1 codes.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        from py3langid import langid

        self._pages: mmap.mmap | None = None
        try:
            with TemporaryDirectory(prefix="paksatalker-", ignore_cleanup_errors=True) as folder:
                self._identifier = self._mapped(langid, set(languages), Path(folder))
        except (AttributeError, KeyError, TypeError, ValueError, OSError):  # another version of it, or no space
            self._identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
            self._identifier.set_languages(list(languages))

    def classify(self, text: str) -> tuple[str, float]:
        """The likeliest of the languages, and its probability."""
        language, probability = self._identifier.classify(text)
        if self._pages is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._pages.madvise(mmap.MADV_DONTNEED)  # else ever more of the file would be counted as ours
        return str(language), float(probability)

    def _mapped(self, langid: Any, languages: set[str], folder: Path) -> Any:
        packed = folder / "model.npz"
        with lzma.open(Path(langid.MODEL_DIR, langid.MODEL_FILE)) as source, packed.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(folder)
        packed.unlink()
        priors, names, rows, features = (
            np.load(folder / f"{name}.npy") for name in ("pc", "classes", "nextmove_row", "out_feat")
        )
        wanted = [index for index, name in enumerate(names.tolist()) if name in languages]
        moves = np.load(folder / "nextmove.npy", mmap_mode="r")
        identifier = langid.LanguageIdentifier(
            _columns(folder / "ptc.npy", wanted),
            priors[wanted],
            names[wanted].tolist(),
            memoryview(moves),
            array("i", features.tolist()),
            norm_probs=True,
            tk_row=rows.tolist(),
        )
        self._pages = moves._mmap
        return identifier


def _columns(path: Path, wanted: Sequence[int]) -> np.ndarray:
    """Some columns of a matrix in a file, read a block of rows at a time."""
    count = len(np.load(path, mmap_mode="r"))
    # Each block has a mapping of its own, which takes the pages along when it goes.
    blocks = (np.load(path, mmap_mode="r")[start : start + _BLOCK] for start in range(0, count, _BLOCK))
    return np.concatenate([np.array(block[:, wanted]) for block in blocks])
