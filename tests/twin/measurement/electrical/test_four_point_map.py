"""Map over a grid: mean and nonuniformity of hidden films, and what their uncertainties claim."""

import math

import numpy as np
import pytest

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.electrical import four_point_map_analysis
from tansaki.twin.measurement.electrical.four_point_geometry import transfer_ratio
from tansaki.twin.measurement.electrical.four_point_map import FourPointMap
from tansaki.twin.measurement.electrical.four_point_map_analysis import FEWEST, analyse
from tansaki.twin.measurement.electrical.source_meter import OVERFLOW
from tansaki.twin.quantities import load
from tansaki.twin.records import Measurement
from tansaki.twin.specimens.specimen import Charge, FilmLayer, Specimen

MAP = FourPointMap(load("instruments", "four_point_map"))
UNEVEN = "sheet_resistance_nonuniformity"


def _film(sheet_ohm: float, slope: float = 0.0, curvature: float = 0.0, side_m: float = 0.01) -> Specimen:
    layer = FilmLayer(100e-9, {"Ti": 1.0, "O": 2.0}, 3890.0, 0.0, lambda wavelength_m: 2.5 + 0j * wavelength_m)
    charge = Charge(sheet_ohm * 100e-9, 1e27, 1e-3)
    return Specimen("any", "glass", side_m, side_m, (layer,), charge, None, slope, curvature)


def _truth(film: Specimen, record: Measurement) -> tuple[float, float]:
    """Mean sheet resistance over the grid, and its standard deviation in % of it."""
    assert film.charge is not None
    x, y = np.meshgrid(record.raw["x_m"].astype(float), record.raw["y_m"].astype(float))
    sheet = film.charge.resistivity_ohm_m / film.thickness_m / np.vectorize(film.relative_thickness)(x, y)
    return float(sheet.mean()), float(100.0 * sheet.std() / sheet.mean())


@pytest.mark.parametrize("sheet", [0.1, 10.0, 1e3, 1e6])
def test_ideal_map_reads_every_point_as_its_own_film(sheet: float) -> None:
    film = _film(sheet, slope=20.0, curvature=500.0)
    record = MAP.measure(film, None, settings={"points": 7.0})
    raw = record.raw
    level = float(record.settings["current_range_a"])
    volts = raw["voltage_v"].astype(float)
    seen = 0.5 * (volts[:, :, 0] - volts[:, :, 1]) / level
    for i, y in enumerate(raw["y_m"].astype(float)):
        for j, x in enumerate(raw["x_m"].astype(float)):
            tips = tuple(v for k in range(4) for v in (0.005 + x + (k - 1.5) * 1e-3, 0.005 + y))
            here = sheet / film.relative_thickness(float(x), float(y)) * transfer_ratio(tips, 0.01, 0.01)
            assert seen[i, j] == pytest.approx(here, rel=1e-9)
    mean, _ = _truth(film, record)
    found = record.derived["mean_sheet_resistance"]
    # The analysis takes off what the specified placement errors add on average, here there are none.
    assert abs(found.value - mean) < 1.5 * found.u
    assert found.value == pytest.approx(mean, rel=5e-3)


def test_large_slopes_are_found_with_their_size() -> None:
    film = _film(100.0, slope=60.0)
    record = MAP.measure(film, np.random.default_rng(1), settings={"points": 9.0})
    _, uneven = _truth(film, record)
    assert uneven > 7.0
    derived = record.derived[UNEVEN]
    assert derived.value == pytest.approx(uneven, rel=0.15)
    assert abs(derived.value - uneven) < 3.0 * derived.u


@pytest.mark.parametrize("points", [5.0, 9.0])
def test_coverage_of_the_95_percent_intervals(points: float) -> None:
    rng = np.random.default_rng(7)
    number, means, values, bounds = 250, 0, [], []
    for _ in range(number):
        film = _film(10.0 ** rng.uniform(0.0, 6.0), 20.0 * rng.standard_normal(), 2000.0 * rng.standard_normal())
        record = MAP.measure(film, rng, settings={"points": points})
        assert record.flags == (() if UNEVEN in record.derived else ("nonuniformity_not_resolved",))
        mean, uneven = _truth(film, record)
        derived = record.derived["mean_sheet_resistance"]
        means += abs(derived.value - mean) <= 1.96 * derived.u
        if UNEVEN in record.derived:
            values.append(abs(record.derived[UNEVEN].value - uneven) <= 1.96 * record.derived[UNEVEN].u)
        else:
            bounds.append(uneven <= record.derived[f"{UNEVEN}_upper_bound"].value)
    assert 0.92 <= means / number <= 0.98
    assert len(values) > 40
    # Values are reported where they stand out, which favours films that were read as too uneven.
    assert 0.9 <= (sum(values) + sum(bounds)) / number <= 0.995
    assert np.mean(values) > 0.88


def test_even_films_are_hardly_ever_called_uneven() -> None:
    rng = np.random.default_rng(11)
    records = [MAP.measure(_film(100.0), rng) for _ in range(200)]
    assert sum(UNEVEN in record.derived for record in records) <= 4
    errors = [
        (r.derived["mean_sheet_resistance"].value - 100.0) / r.derived["mean_sheet_resistance"].u for r in records
    ]
    assert 0.75 < math.sqrt(np.mean(np.square(errors))) < 1.3


def test_repeats_on_one_mounting_do_not_beat_the_systematic_part() -> None:
    rng = np.random.default_rng(3)
    excess = []
    for _ in range(40):
        mounting, calibration = MAP.mount(_film(100.0), rng), MAP.session(rng, "today")
        records = [
            MAP.measure(_film(100.0), rng, mounting=mounting, calibration=calibration, settings={"reversals": 1.0})
            for _ in range(40)
        ]
        derived = [r.derived["mean_sheet_resistance"] for r in records]
        assert np.std([d.value for d in derived]) / math.sqrt(40) < 0.5 * derived[0].u_systematic
        excess.append((np.mean([d.value for d in derived]) - 100.0) / derived[0].u_systematic)
    assert 0.7 < math.sqrt(np.mean(np.square(excess))) < 1.4


def test_points_without_a_reading_are_left_out_and_flagged() -> None:
    record = MAP.measure(_film(100.0), np.random.default_rng(0))
    voltage = record.raw["voltage_v"].astype(float)
    voltage[0, 0, 1] = OVERFLOW
    compliance = record.raw["compliance"].astype(bool)
    compliance[4, 4] = True
    derived, flags = analyse({**record.raw, "voltage_v": voltage, "compliance": compliance}, record.settings)
    assert flags[0] == "points_missing"
    assert derived["mean_sheet_resistance"].value == pytest.approx(100.0, rel=0.02)
    assert derived["mean_sheet_resistance"].u >= record.derived["mean_sheet_resistance"].u


def test_too_few_points_give_a_bound() -> None:
    record = MAP.measure(_film(100.0), None)
    voltage = np.full(record.raw["voltage_v"].shape, OVERFLOW)
    voltage.reshape(25, -1)[: FEWEST - 1] = record.raw["voltage_v"].astype(float).reshape(25, -1)[: FEWEST - 1]
    derived, flags = analyse({**record.raw, "voltage_v": voltage}, record.settings)
    assert flags == ("over_range",)
    assert set(derived) == {"mean_sheet_resistance_lower_bound"}


def test_a_film_beyond_the_source_gives_a_bound() -> None:
    record = MAP.measure(_film(1e10), np.random.default_rng(0))
    assert record.flags == ("compliance",)
    assert record.derived["mean_sheet_resistance_lower_bound"].value < 1e10


def test_a_head_beside_the_sample_has_no_circuit() -> None:
    # Rows 0.2 mm from the edges, samples placed to 0.2 mm: a tip is often beyond the edge.
    rng = np.random.default_rng(2)
    records = [MAP.measure(_film(100.0), rng, settings={"margin_m": 2e-4}) for _ in range(20)]
    missing = [record for record in records if "points_missing" in record.flags]
    assert len(missing) > 5
    for record in missing:
        lost = record.raw["compliance"].astype(bool)
        assert (record.raw["voltage_v"][lost] == OVERFLOW).all()
        assert not lost[1:-1, 1:-1].any()
        derived = record.derived["mean_sheet_resistance"]
        assert abs(derived.value - 100.0) < 4.0 * derived.u


def test_time_goes_with_the_points() -> None:
    # 49 points take 5-10 min.
    duration = float(MAP.measure(_film(100.0), None, settings={"points": 7.0}).settings["duration_s"])
    assert 300.0 < duration < 600.0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="room for the head"):
        MAP.measure(_film(100.0), None, settings={"margin_m": 0.0036})
    record = MAP.measure(_film(100.0), None)
    with pytest.raises(InvalidInputError, match="pairs of opposite currents"):
        analyse({**record.raw, "current_a": np.abs(record.raw["current_a"].astype(float))}, record.settings)
    for name in four_point_map_analysis._SETTINGS:
        with pytest.raises(InvalidInputError, match=name):
            analyse(record.raw, {k: v for k, v in record.settings.items() if k != name})
