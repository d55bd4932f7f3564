import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from paksatalker.core.audio.cloning.consent import consent_path, read_consent, record_consent
from paksatalker.core.audio.tts.blend import Blend, Likeness, SavedVoices, parse_blend
from paksatalker.errors import ConsentMissing, InvalidOption, UnknownVoice

STATEMENT = "I am Ada Lovelace and I agree to a voice like mine."
LIKE = Blend((("am_michael", 1.0),), Likeness((0.25,) * 128, 1.1))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "ref.wav"
    path.write_bytes(b"sound")
    return path


@pytest.mark.parametrize(
    ("statement", "speaker"),
    [
        (STATEMENT, "Ada Lovelace"),
        ("My name is José Ortega, and you may copy my voice.", "José Ortega"),
        ("Soy Ana Gómez y doy mi permiso para esta voz", "Ana Gómez"),
        ("Ada Lovelace: yes, you may make this voice.", "Ada Lovelace"),
        ("आदा लवलेस: हाँ, मैं इस आवाज़ से सहमत हूँ", "आदा लवलेस"),
    ],
)
def test_record_says_who_when_what_and_for_which_recordings(statement: str, speaker: str, recording: Path) -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    record = record_consent("ada", f"  {statement} \n", [recording], noon)
    assert record.speaker == speaker
    assert record.statement == statement
    assert record.given == "2026-05-01T10:00:00+00:00"
    assert record.references[0].sha256 == hashlib.sha256(b"sound").hexdigest()


@pytest.mark.parametrize("statement", ["", "   ", "yes", "I agree", "I am Ada", "1 2 3 4 5 6 7", "... --- ... !!! ???"])
def test_what_says_too_little_is_no_consent(statement: str, recording: Path) -> None:
    with pytest.raises(ConsentMissing, match="consent"):
        record_consent("ada", statement, [recording])


@pytest.mark.parametrize("statement", ["you may use all of these recordings", "I am happy that this voice is made"])
def test_consent_without_a_name_is_refused(statement: str, recording: Path) -> None:
    with pytest.raises(ConsentMissing, match="who agrees"):
        record_consent("ada", statement, [recording])


def save(folder: Path, recording: Path) -> SavedVoices:
    saved = SavedVoices(folder)
    saved.save("ada", LIKE, consent=record_consent("ada", STATEMENT, [recording], datetime.now(UTC)))
    return saved


def test_voice_and_record_come_back(tmp_path: Path, recording: Path) -> None:
    saved = save(tmp_path / "v", recording)
    assert saved.load("ada") == LIKE
    assert saved.names() == ("ada",)
    assert read_consent(saved.file("ada")).statement == STATEMENT


def test_likeness_without_consent_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ConsentMissing):
        SavedVoices(tmp_path / "v").save("ada", LIKE)
    assert not list((tmp_path / "v").glob("*.json"))


def test_without_its_record_a_voice_is_silent(tmp_path: Path, recording: Path) -> None:
    saved = save(tmp_path / "v", recording)
    consent_path(saved.file("ada")).unlink()
    with pytest.raises(ConsentMissing, match="not there"):
        saved.load("ada")
    assert saved.all() == {}
    with pytest.raises(ConsentMissing):
        read_consent(saved.file("ada"))


def test_a_changed_record_is_refused(tmp_path: Path, recording: Path) -> None:
    saved = save(tmp_path / "v", recording)
    path = consent_path(saved.file("ada"))
    path.write_text(path.read_text("utf-8").replace("Ada", "Eve"), "utf-8")
    with pytest.raises(ConsentMissing, match="changed"):
        saved.load("ada")


@pytest.mark.parametrize("change", [{"pitch": 0}, {"offset": [1.0]}, {"offset": [float("nan")] * 128}, {"pitch": "x"}])
def test_a_damaged_likeness_is_refused(change: dict[str, object], tmp_path: Path, recording: Path) -> None:
    saved = save(tmp_path / "v", recording)
    content = json.loads(saved.file("ada").read_text("utf-8"))
    content["likeness"].update(change)
    saved.file("ada").write_text(json.dumps(content), "utf-8")
    with pytest.raises(InvalidOption, match="cannot be read"):
        saved.load("ada")


def test_a_mixture_over_a_likeness_takes_the_record_away_and_so_does_removal(tmp_path: Path, recording: Path) -> None:
    saved = save(tmp_path / "v", recording)
    with pytest.raises(InvalidOption, match="--force"):
        saved.save("ada", parse_blend("af_heart"), force=False)
    saved.save("ada", parse_blend("af_heart"))
    assert [p.name for p in (tmp_path / "v").iterdir()] == ["ada.json"]
    save(tmp_path / "v", recording).remove("ada")
    assert list((tmp_path / "v").iterdir()) == []
    with pytest.raises(UnknownVoice):
        saved.file("ada")
