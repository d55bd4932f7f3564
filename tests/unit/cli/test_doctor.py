from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from paksatalker.cli import checks
from paksatalker.cli import doctor as doctor_module
from paksatalker.cli.checks import Finding, Verdict
from paksatalker.config import Settings
from paksatalker.core.engines import Capabilities, EngineInfo
from paksatalker.models.base import WeightsStore
from paksatalker.models.manifest import BASE_GROUP


def run(monkeypatch, findings: list[Finding], *arguments: str):
    monkeypatch.setattr(doctor_module, "examine", lambda: iter(findings))
    app = typer.Typer()
    app.command()(doctor_module.doctor)
    return CliRunner().invoke(app, list(arguments))


OK = Finding("one", Verdict.OK, "fine")
WARN = Finding("two", Verdict.WARN, "meh", "Do this")
FAIL = Finding("three", Verdict.FAIL, "broken", "Run: that")


def test_a_fit_machine_ends_with_zero(monkeypatch):
    result = run(monkeypatch, [OK, WARN])
    assert result.exit_code == 0
    assert "ok   one: fine" in result.stdout
    assert "warn two: meh. Do this" in result.stdout
    assert "Ready." in result.stdout


def test_an_unfit_one_does_not_and_says_how_to_mend_it(monkeypatch):
    result = run(monkeypatch, [OK, FAIL])
    assert result.exit_code == doctor_module.EXIT_UNFIT
    assert "fail three: broken. Run: that" in result.stdout


def test_json(monkeypatch):
    result = run(monkeypatch, [OK, FAIL], "--json")
    assert result.exit_code == doctor_module.EXIT_UNFIT
    report = json.loads(result.stdout)
    assert report["fit"] is False
    assert report["findings"][1] == {"topic": "three", "verdict": "fail", "detail": "broken", "fix": "Run: that"}


def test_missing_weights_fail_when_the_default_engines_need_them(tmp_path):
    store = WeightsStore(tmp_path)
    findings = {finding.topic: finding for finding in checks.check_weights(store)}
    for entry in store.entries():
        finding = findings[f"model {entry.name}"]
        assert finding.verdict is (Verdict.FAIL if entry.group == BASE_GROUP else Verdict.WARN)
        assert finding.fix == f"Run: paksatalker models download {entry.name}"
    assert findings["model face-landmarker"].verdict is Verdict.FAIL


def test_a_home_that_is_not_there_yet_is_judged_by_the_folder_above(tmp_path):
    assert checks.check_home(Settings(home=tmp_path / "not" / "yet")).verdict is Verdict.OK
    assert not (tmp_path / "not").exists()
    (tmp_path / "file").write_text("")
    assert checks.check_home(Settings(home=tmp_path / "file" / "below")).verdict is Verdict.WARN


def test_missing_system_libraries_fail(monkeypatch):
    monkeypatch.setattr(checks, "missing_libraries", lambda: ("libEGL.so.1",))
    (finding,) = checks.check_system_libraries()
    assert finding.verdict is Verdict.FAIL
    assert "MediaPipe" in finding.detail
    assert finding.fix


def test_a_package_that_cannot_be_imported_fails(monkeypatch):
    monkeypatch.setattr(checks, "_DEPENDENCIES", (("no-such", "no_such_module"), ("numpy", "numpy")))
    broken, good = checks.check_dependencies()
    assert broken.verdict is Verdict.FAIL
    assert "ModuleNotFoundError" in broken.detail
    assert good.verdict is Verdict.OK


def test_missing_encoders_tell_what_cannot_be_written(monkeypatch):
    monkeypatch.setattr(checks, "_CODECS", (("libx264", "mp4"), ("nonsense", "mp4"), ("nonsense2", "webm")))
    fail, warn = checks.check_codecs()
    assert (fail.verdict, warn.verdict) == (Verdict.FAIL, Verdict.WARN)
    assert "--format webm" in warn.detail


@pytest.mark.parametrize(
    ("requires", "factory", "verdict"),
    [
        ((), "json:loads", Verdict.OK),
        (("no_such_module",), "json:loads", Verdict.FAIL),
        ((), "json.nowhere:loads", Verdict.FAIL),
    ],
)
def test_a_stage_without_an_engine_that_runs_fails(monkeypatch, requires, factory, verdict):
    info = EngineInfo("e", "speech", Capabilities("text", "Speech"), factory, requires, "pip install it")
    monkeypatch.setattr(checks, "installed", lambda stage: (info,))
    finding = next(checks.check_engines())
    assert finding.verdict is verdict
    assert bool(finding.fix) is (verdict is Verdict.FAIL)


def test_broken_settings_are_a_finding(monkeypatch):
    monkeypatch.setattr(checks, "_DEPENDENCIES", ())
    monkeypatch.setenv("PAKSATALKER_THREADS", "many")
    last = list(checks.examine())[-1]
    assert last.topic == "settings"
    assert last.verdict is Verdict.FAIL
    assert "PAKSATALKER_THREADS" in last.detail
