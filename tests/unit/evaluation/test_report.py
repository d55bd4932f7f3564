import math

import pytest

from paksatalker.evaluation.measure import TARGETS, Measure, Target
from paksatalker.evaluation.report import Report


def test_targets_say_what_is_good():
    assert Target(low=0.8).met(0.8)
    assert not Target(low=0.8).met(0.79)
    assert [str(t) for t in (Target(low=0.8), Target(high=2), Target(1, 4), Target(1, 1))] == [
        "≥ 0.8",
        "≤ 2",
        "1 to 4",
        "1",
    ]


def test_a_measure_without_value_neither_passes_nor_fails():
    assert Measure("blinks", None, note="too short").passed is None
    assert Measure("blinks", 20.0).passed is True
    assert Measure("blinks", 50.0).passed is False
    assert Measure("something else", 1.0).passed is None
    assert Measure("blinks", math.nan).passed is False


def test_only_required_targets_fail_a_report():
    natural = next(name for name, target in TARGETS.items() if not target.required)
    unnatural = Report("a.mp4", 1, 0.04, (Measure(natural, -1e9), Measure("blinks", None)))
    assert unnatural.passed
    assert not any(measure.missed for measure in unnatural.measures)
    assert Measure("blinks", 0.0).missed
    assert not Report("a.mp4", 1, 0.04, (Measure("blinks", 0.0),)).passed


def test_the_report_is_plain_data():
    report = Report("a.mp4", 25, 1.0, (Measure("yaw sd", 2.0, "degrees"),), {"blinks": []})
    data = report.to_dict()
    assert data["measures"][0] == {
        "name": "yaw sd", "value": 2.0, "unit": "degrees", "note": "",
        "target": "1 to 4", "required": True, "passed": True,
    }  # fmt: skip
    assert report["yaw sd"].value == 2
    with pytest.raises(KeyError):
        report["nothing"]
