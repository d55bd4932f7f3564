"""Equal to the original to the last bit, where products are summed up as on the reference's processor.

MKL takes its code for AVX-512 on processors of its own maker only, and sums up otherwise on all others. A library that
answers its question with yes makes it take that code on any processor that has the instructions.
"""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parents[4]
_ANSWER = "int mkl_serv_intel_cpu_true(void) { return 1; }"
_SCRIPT = """
import numpy as np, torch
from paksatalker.models.pantomatrix import rotation
from paksatalker.models.pantomatrix.motion import Codes, MotionDecoder, integrate
from paksatalker.models.pantomatrix.vq import PARTS
from tests.golden import rule

def same(found, name):
    assert np.array_equal(np.asarray(found), want[name]), name

folder = rule.GOLDEN / "emage"
want = dict(np.load(folder / "rotation.npz"))
turned, sixd = (torch.from_numpy(want[name]) for name in ("axis_angle", "d6"))
same(rotation.axis_angle_to_matrix(turned), "aa_to_matrix")
same(rotation.axis_angle_to_6d(turned), "aa_to_6d")
same(rotation.sixd_to_matrix(sixd), "d6_to_matrix")
same(rotation.sixd_to_axis_angle(sixd), "d6_to_aa")
want = dict(np.load(folder / "vq_decode.npz"))
decoder = MotionDecoder()
for part in PARTS:
    rule.filled(decoder.part(part), folder / f"vq_{part}.keys.json")
rule.filled(decoder.body, folder / "vq_global.keys.json")
names = ("face_latent", "upper_index", "hands_index", "lower_index")
with torch.inference_mode():
    found = decoder.eval()(Codes(*(torch.from_numpy(want[name]) for name in names)))
same(found.axis_angle.flatten(-2), "motion_axis_angle")
same(found.expressions, "expression")
same(found.known, "all_motion4inference")
same(integrate(found.velocity, torch.zeros(1, 3)), "trans")
"""


@pytest.mark.skipif(
    platform.system() != "Linux"
    or not shutil.which("cc")
    or not torch.backends.mkl.is_available()
    or torch.backends.cpu.get_cpu_capability() != "AVX512",
    reason="needs Linux, a C compiler, MKL and AVX-512",
)
def test_decoding_and_rotations(tmp_path):
    library = tmp_path / "answer.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(library)],
        input=_ANSWER, text=True, check=True,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=ROOT, env=os.environ | {"LD_PRELOAD": str(library)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
