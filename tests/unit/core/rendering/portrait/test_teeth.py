"""Rows of teeth as textures."""

import numpy as np
import pytest

from paksatalker.core.rendering.portrait.palette import analyse
from paksatalker.core.rendering.portrait.teeth import LOWER_EDGE_MM, STRIP_MM, UPPER_EDGE_MM, build_arch


@pytest.fixture(scope="module")
def palette(face):
    return analyse(face)


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("mm", [0.6, 1.4, 3.0])
def test_strip_is_finite_premultiplied_and_as_fine_as_the_canvas(palette, upper, mm):
    arch = build_arch(upper, palette, mm)
    alpha = arch.strip[..., 3]
    assert np.isfinite(arch.strip).all()
    assert alpha.min() >= 0
    assert alpha.max() <= 1.001
    assert (arch.strip[..., :3] <= 256 * alpha[..., None] + 1e-2).all()
    assert arch.strip.shape[0] == pytest.approx(STRIP_MM * arch.scale, abs=2)
    assert arch.scale >= mm


def test_teeth_end_at_the_biting_edge(palette):
    for upper, edge in ((True, UPPER_EDGE_MM), (False, LOWER_EDGE_MM)):
        arch = build_arch(upper, palette, 3.0)
        middle = arch.strip[:, arch.strip.shape[1] // 2 + round(4 * arch.scale), 3]
        row = round(edge * arch.scale)
        inside, outside = (row - 6, row + 8) if upper else (row + 8, row - 6)
        assert middle[inside] > 0.8
        assert middle[outside] < 0.2


def test_seed_changes_details_only(palette):
    a, b, again = (build_arch(True, palette, 2.0, seed).strip for seed in (1, 2, 1))
    assert np.array_equal(a, again)
    assert not np.array_equal(a, b)
    assert np.abs(a[..., :3].mean() - b[..., :3].mean()) < 4


def test_arc_length_grows_and_starts_at_the_front(palette):
    arc = build_arch(True, palette, 1.0).arc
    assert arc[0] == 0
    assert (np.diff(arc) > 0).all()
