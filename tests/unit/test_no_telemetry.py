"""Nothing is reported to anybody: what libraries of ours would send to their makers is switched off."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

REPORTS = pytest.mark.skipif(sys.platform != "linux", reason="where it keeps its identifier is another place")


@REPORTS
def test_onnx_runtime_makes_no_identifier_of_this_machine(tmp_path):
    plain = {"HOME": str(tmp_path), "PATH": os.environ.get("PATH", "")}
    subprocess.run([sys.executable, "-c", "import paksatalker, onnxruntime"], env=plain, check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []


def test_processes_that_are_started_keep_silent_too():
    import paksatalker  # noqa: F401  (what it does is looked at)

    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"
