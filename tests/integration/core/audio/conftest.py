import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

WriteWav = Callable[[Path, np.ndarray, int], Path]


@pytest.fixture(scope="session")
def write_wav() -> WriteWav:
    """Writes samples float [N], −1 to 1, as 16-bit mono."""

    def write(path: Path, samples: np.ndarray, rate: int) -> Path:
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        return path

    return write
