"""Gaps of edges that follow the law exactly, and what the choice of window does to others."""

import numpy as np
import pytest

from tansaki.twin.film.optical_constants import PLANCK_TIMES_LIGHT_EV_M
from tansaki.twin.measurement.optical.tauc import absorption_per_m, tauc_gap

LIGHT = np.arange(300e-9, 701e-9, 5e-9)
ENERGY = PLANCK_TIMES_LIGHT_EV_M / LIGHT
ALL = np.ones(len(LIGHT), dtype=bool)


@pytest.mark.parametrize(("direct", "power"), [(False, 2.0), (True, 0.5)])
def test_an_edge_that_follows_the_law_gives_its_gap(direct: bool, power: float) -> None:
    absorption = 1e7 * np.maximum(ENERGY - 3.2, 0.0) ** power / ENERGY
    found = tauc_gap(LIGHT, absorption, ALL, direct)
    assert found is not None
    assert found.gap_ev == pytest.approx(3.2, abs=0.01)
    assert found.window_ev < 0.02


def test_the_height_of_the_absorption_does_not_matter() -> None:
    absorption = 1e7 * np.maximum(ENERGY - 3.1, 0.0) ** 2 / ENERGY + 1e4
    one, other = tauc_gap(LIGHT, absorption, ALL, False), tauc_gap(LIGHT, 7.0 * absorption, ALL, False)
    assert one is not None
    assert other is not None
    assert one.gap_ev == pytest.approx(other.gap_ev, rel=1e-12)


def test_an_edge_that_bends_depends_on_the_window() -> None:
    straight = 1e7 * np.maximum(ENERGY - 3.1, 0.0) ** 2 / ENERGY
    bent = 1e7 * np.maximum(ENERGY - 3.1, 0.0) ** 3 / ENERGY
    one, other = tauc_gap(LIGHT, straight, ALL, False), tauc_gap(LIGHT, bent, ALL, False)
    assert one is not None
    assert other is not None
    assert other.window_ev > 5.0 * one.window_ev
    # The bent edge looks as if the gap were wider; what is stated covers a good part of it.
    assert other.window_ev > 0.02


def test_no_edge_in_the_record_is_no_gap() -> None:
    assert tauc_gap(LIGHT, 1e7 * np.maximum(ENERGY - 4.1, 0.0) ** 2 / ENERGY, ALL, False) is None
    assert tauc_gap(LIGHT, np.zeros(len(LIGHT)), ALL, False) is None
    assert tauc_gap(LIGHT, np.full(len(LIGHT), 1e6), ALL, False) is None
    assert tauc_gap(LIGHT, 1e7 * np.maximum(ENERGY - 3.0, 0.0) ** 2 / ENERGY, LIGHT > 450e-9, False) is None


def test_absorption_is_that_of_beer_and_lambert() -> None:
    found = absorption_per_m(np.array([0.8 * np.exp(-2.0), 0.9]), np.array([0.2, 0.2]), 1e-7)
    np.testing.assert_allclose(found, [2e7, 0.0], rtol=1e-12)
