import subprocess
import sys


def test_nothing_heavy_is_imported_before_a_command_needs_it() -> None:
    heavy = {"av", "cv2", "httpx", "mediapipe", "numba", "onnxruntime", "scipy", "soxr", "torch"}
    code = "import sys, paksatalker.cli.commands; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert not heavy & set(said.stdout.split())
