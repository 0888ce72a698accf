"""Stylus profilometer: the step comes back, its uncertainty holds, and what cannot be read is not."""

from dataclasses import replace

import numpy as np
import pytest

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import open_instrument
from tansaki.twin.measurement.surface.step_analysis import analyse, found_edge
from tansaki.twin.specimens.specimen import FilmLayer, Specimen

STYLUS = open_instrument("stylus_profilometer")


def _film(thickness_m: float) -> Specimen:
    return Specimen("a", "glass", 0.01, 0.01, (FilmLayer(thickness_m, {"Ti": 1.0}, 4e3, 1e-9, lambda x: x + 0j),))


@pytest.mark.parametrize("thickness_m", [20e-9, 100e-9, 1e-6])
def test_the_ideal_reading_is_the_thickness(thickness_m: float) -> None:
    # The soft edge reaches over the guard by e^(-2 * 80 / 15).
    found = STYLUS.measure(_film(thickness_m), None).derived["thickness"]
    assert found.value == pytest.approx(1e9 * thickness_m, rel=1e-4)
    assert found.unit == "nm"


def test_the_certificate_is_the_floor() -> None:
    # Taiwan NML: sqrt(5² + (3.2 h)²) nm, h in um.
    found = STYLUS.measure(_film(1e-6), np.random.default_rng(0)).derived["thickness"]
    assert found.u_systematic == pytest.approx(np.hypot(5.0, 3.2 * found.value / 1e3), rel=1e-3)


def test_intervals_hold_the_truth_and_repeats_do_not_shrink_the_systematic_part() -> None:
    rng = np.random.default_rng(1)
    z = []
    for h in rng.uniform(30e-9, 300e-9, 200):
        found = STYLUS.measure(_film(h), rng).derived["thickness"]
        z.append((found.value - 1e9 * h) / found.u)
    assert 0.91 <= np.mean(np.abs(z) < 1.96) <= 0.985
    specimen = _film(100e-9)
    errors = []
    for _ in range(12):
        session, mounting = STYLUS.session(rng, "s"), STYLUS.mount(specimen, rng)
        repeats = [
            STYLUS.measure(specimen, rng, calibration=session, mounting=mounting).derived["thickness"]
            for _ in range(30)
        ]
        errors.append((np.mean([r.value for r in repeats]) - 100.0) / repeats[0].u_systematic)
    assert 0.5 < np.sqrt(np.mean(np.square(errors))) < 1.6


def test_the_random_part_is_the_scatter_of_repeats() -> None:
    rng, specimen = np.random.default_rng(2), _film(100e-9)
    session, mounting = STYLUS.session(rng, "s"), STYLUS.mount(specimen, rng)
    repeats = [
        STYLUS.measure(specimen, rng, calibration=session, mounting=mounting).derived["thickness"] for _ in range(200)
    ]
    stated = np.sqrt(repeats[0].u ** 2 - repeats[0].u_systematic ** 2)
    assert np.std([r.value for r in repeats]) == pytest.approx(stated, rel=0.2)


def test_slow_scans_and_many_of_them_cost_time() -> None:
    usual = float(STYLUS.measure(_film(1e-7), None).settings["duration_s"])
    longer = STYLUS.measure(_film(1e-7), None, settings={"traces": 9.0, "trace_s": 60.0})
    assert float(longer.settings["duration_s"]) == pytest.approx(usual + 9 * 65.0 - 3 * 25.0)


def test_too_thick_and_too_thin_give_bounds() -> None:
    thick = STYLUS.measure(_film(20e-6), np.random.default_rng(3))
    assert thick.flags == ("over_range",)
    assert set(thick.derived) == {"thickness_lower_bound"}
    assert thick.derived["thickness_lower_bound"].value < 20e3
    nothing = [STYLUS.measure(_film(1e-11), np.random.default_rng(seed)) for seed in range(20)]
    bounded = [record for record in nothing if "no_step" in record.flags]
    assert len(bounded) > 5
    assert all(set(record.derived) == {"thickness_upper_bound"} for record in bounded)


def test_the_edge_is_found_where_it_is() -> None:
    x = np.linspace(-5e-4, 5e-4, 1600)
    for edge in (-2e-4, 0.0, 1.7e-4):
        heights = 1e-7 * (x > edge) + 3e-4 * x + 0.2 * x**2
        assert found_edge(x, heights) == pytest.approx(edge, abs=6e-6)


def test_what_is_missing_is_named() -> None:
    record = STYLUS.measure(_film(1e-7), None)
    with pytest.raises(InvalidInputError, match="noise_m"):
        analyse(record.raw, {k: v for k, v in record.settings.items() if k != "noise_m"})
    with pytest.raises(InvalidInputError, match="raw traces"):
        analyse({**record.raw, "position_m": np.zeros(3)}, record.settings)
    with pytest.raises(InvalidInputError, match="scan_length_m"):
        STYLUS.measure(replace(_film(1e-7), length_m=5e-4), None)
