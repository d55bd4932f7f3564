from pathlib import Path

import pytest

from paksatalker.core.audio.voice_folder import VoiceFolder
from paksatalker.errors import InvalidOption


def test_only_files_of_voices_count(tmp_path: Path) -> None:
    assert VoiceFolder(tmp_path / "none").names() == ()
    for name in ("bob.json", "ada.json", "ada.consent.json", "ada.wav", "Eve.json"):
        (tmp_path / name).touch()
    assert VoiceFolder(tmp_path).names() == ("ada", "bob")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "a b", "-a", "a" * 65, "auto", "taken"])
def test_names_that_no_voice_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidOption, match="cannot be called"):
        VoiceFolder(tmp_path).check_name(name, {"taken"})


def test_a_voice_is_replaced_unless_that_is_not_wanted(tmp_path: Path) -> None:
    folder = VoiceFolder(tmp_path)
    assert folder.check_name("ada", force=False) == tmp_path / "ada.json"
    (tmp_path / "ada.json").touch()
    assert folder.check_name("ada") == tmp_path / "ada.json"
    with pytest.raises(InvalidOption, match="already"):
        folder.check_name("ada", force=False)
