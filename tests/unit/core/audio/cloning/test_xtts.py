from pathlib import Path

import numpy as np
import pytest

from paksatalker.core.audio.cloning.consent import consent_for
from paksatalker.core.audio.cloning.xtts import XttsVoices
from paksatalker.errors import ConsentMissing, InvalidOption, UnknownVoice

CONSENT = consent_for("ada", "I am Ada Lovelace and I agree to this voice.", ())


@pytest.fixture
def voices(tmp_path: Path) -> XttsVoices:
    made = XttsVoices(tmp_path)
    made.save("ada", (0.1 * np.sin(np.arange(24000) * 0.05)).astype(np.float32), CONSENT)
    return made


def test_a_voice_is_its_recording_and_its_consent(voices: XttsVoices) -> None:
    found = voices.load("ada")
    assert found is not None
    assert found.recording.read_bytes()[:4] == b"RIFF"
    assert voices.names() == ("ada",)
    assert voices.load("bob") is None


def test_it_does_not_speak_without_the_very_consent(voices: XttsVoices) -> None:
    record = voices.file("ada").with_name("ada.consent.json")
    record.write_text(record.read_text().replace("Lovelace", "Byron"))
    with pytest.raises(ConsentMissing, match="changed"):
        voices.load("ada")
    record.unlink()
    with pytest.raises(ConsentMissing, match="not there"):
        voices.load("ada")


def test_another_recording_is_not_the_voice(voices: XttsVoices) -> None:
    voices.file("ada").with_suffix(".wav").write_bytes(b"somebody else")
    with pytest.raises(InvalidOption, match="recording was changed"):
        voices.load("ada")


def test_names_and_removal(voices: XttsVoices) -> None:
    for name in ("../ada", "Ada", "auto", "taken"):
        with pytest.raises(InvalidOption):
            voices.check_name(name, {"taken"})
    with pytest.raises(InvalidOption, match="already"):
        voices.check_name("ada", force=False)
    folder = voices.file("ada").parent
    voices.remove("ada")
    assert list(folder.iterdir()) == []
    with pytest.raises(UnknownVoice):
        voices.remove("ada")
