"""The stack of slices: conserves what is laid down, splits where it changes, stays short."""

import numpy as np
import pytest

from tansaki.twin.deposition.slices import COLUMNS, DURATION, LEAST_THICKNESS_M, THICKNESS, lay_down


def stack(pieces: np.ndarray, most: int = 24) -> np.ndarray:
    rows, count = np.zeros((most, COLUMNS)), 0
    for piece in pieces:
        count = lay_down(rows, count, *piece)
    return rows[:count]


def pieces(coverage: np.ndarray, thickness_m: float = 1e-9) -> np.ndarray:
    n = len(coverage)
    return np.column_stack([np.full(n, thickness_m), np.full(n, 2.0), np.full(n, 5.0), coverage, np.full(n, 30.0)])


def test_what_is_alike_is_one_slice() -> None:
    rng = np.random.default_rng(0)
    (slice_,) = stack(pieces(0.9 + rng.uniform(-0.004, 0.004, 500)))
    assert slice_[[THICKNESS, DURATION]] == pytest.approx([500e-9, 1000.0])


def test_a_change_begins_a_slice_and_thin_ones_mix() -> None:
    assert len(stack(pieces(np.repeat([0.2, 0.9], 5)))) == 2
    assert len(stack(pieces(np.repeat([0.2, 0.9], 5), 0.1 * LEAST_THICKNESS_M))) == 1


def test_no_pressure_is_like_no_pressure() -> None:
    bare = pieces(np.zeros(4))
    bare[:, 2] = 0.0
    assert len(stack(bare)) == 1


def test_a_full_stack_keeps_the_sums_and_the_largest_step() -> None:
    rng = np.random.default_rng(1)
    laid = pieces(np.concatenate([np.cumsum(rng.uniform(0.011, 0.013, 20)), 0.7 + np.cumsum(np.full(20, 0.012))]))
    kept = stack(laid, 6)
    assert len(kept) == 6
    assert kept[:, :2].sum(0) == pytest.approx(laid[:, :2].sum(0))
    for column in (2, 3, 4):
        assert kept[:, column].sum() == pytest.approx((laid[:, 0] * laid[:, column]).sum())
    # the step in the middle is worth keeping: no slice lies across it
    assert np.abs(np.cumsum(kept[:, THICKNESS]) - 20e-9).min() < 1e-15
