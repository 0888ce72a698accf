"""Van der Pauw and Hall end to end: hidden film, raw record, analysed values and what their uncertainty claims."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.electrical import hall_analysis
from tansaki.twin.measurement.electrical.hall_analysis import DIAGONALS, SIDES, analyse
from tansaki.twin.measurement.electrical.hall_station import HallStation
from tansaki.twin.measurement.electrical.source_meter import OVERFLOW
from tansaki.twin.quantities import DataFile, load
from tansaki.twin.records import Measurement
from tansaki.twin.specimens.specimen import Charge, FilmLayer, Specimen
from tansaki.twin.units import ELEMENTARY_CHARGE_C

STATION = HallStation(load("instruments", "hall_station"))
VALUES = (
    "sheet_resistance",
    "resistivity",
    "thickness",
    "hall_coefficient",
    "sheet_carrier_density",
    "carrier_density",
    "hall_mobility",
)


def _film(
    sheet_ohm: float,
    mobility_cm2_vs: float = 10.0,
    thickness_m: float = 100e-9,
    sign: int = -1,
    side_m: float = 0.01,
    fall: float = 0.0,
) -> Specimen:
    """`fall` is the relative thinning from the centre to the middle of an edge."""
    layer = FilmLayer(thickness_m, {"Ti": 1.0, "O": 2.0}, 3890.0, 0.0, lambda wavelength_m: 2.5 + 0j * wavelength_m)
    rho, mobility = sheet_ohm * thickness_m, 1e-4 * mobility_cm2_vs
    charge = Charge(rho, 1.0 / (ELEMENTARY_CHARGE_C * mobility * rho), mobility, sign)
    curvature = 4.0 * fall / side_m**2
    return Specimen("any", "glass", side_m, side_m, (layer,), charge, thickness_curvature_per_m2=curvature)


def _truth(specimen: Specimen) -> dict[str, float]:
    charge, t = specimen.charge, specimen.thickness_m
    assert charge is not None
    return {
        "sheet_resistance": charge.resistivity_ohm_m / t,
        "resistivity": 100.0 * charge.resistivity_ohm_m,
        "thickness": 1e9 * t,
        "hall_coefficient": 1e6 * charge.sign / (ELEMENTARY_CHARGE_C * charge.carrier_density_m3),
        "sheet_carrier_density": 1e-4 * charge.carrier_density_m3 * t,
        "carrier_density": 1e-6 * charge.carrier_density_m3,
        "hall_mobility": 1e4 * charge.mobility_m2_vs,
    }


def _with(**changes: float) -> HallStation:
    """The instrument with other values; a name is section__quantity."""
    sections = {name: dict(section) for name, section in STATION.file.sections.items()}
    for key, value in changes.items():
        section, name = key.split("__")
        sections[section][name] = replace(sections[section][name], value=value)
    return HallStation(DataFile(STATION.name, STATION.file.title, sections))


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("sheet", [1.0, 1e2, 1e4, 1e6])
def test_ideal_reading_returns_the_truth(sheet: float, sign: int) -> None:
    film = _film(sheet, 5.0, sign=sign)
    record = STATION.measure(film, None)
    assert record.flags == ()
    assert set(record.derived) == set(VALUES)
    for name, truth in _truth(film).items():
        assert record.derived[name].value == pytest.approx(truth, rel=1e-9), name


def test_eight_and_eight_voltages() -> None:
    raw = STATION.measure(_film(100.0), None, settings={"reversals": 2.0}).raw
    kinds = {
        (int(t), float(b), math.copysign(1.0, i))
        for t, b, i in zip(raw["terminals"], raw["field_t"], raw["current_a"], strict=True)
    }
    assert len(kinds) == 16
    assert {(t, b) for t, b, _ in kinds} == {(t, 0.0) for t in SIDES} | {
        (t, s * 0.5) for t in DIAGONALS for s in (1, -1)
    }


def test_coverage_of_the_95_percent_intervals() -> None:
    rng = np.random.default_rng(2024)
    number = 500
    hits, evidence = dict.fromkeys(VALUES, 0), 0
    for _ in range(number):
        film = _film(
            10.0 ** rng.uniform(0.0, 6.0),
            math.exp(rng.uniform(0.0, math.log(50.0))),
            rng.uniform(30e-9, 500e-9),
            int(rng.choice([-1, 1])),
            fall=0.005 * rng.standard_normal(),
        )
        record = STATION.measure(film, rng)
        evidence += record.flags == ()
        for name, truth in _truth(film).items():
            derived = record.derived[name]
            hits[name] += abs(derived.value - truth) <= 1.96 * derived.u
    assert evidence == number
    for name, held in hits.items():
        assert 0.92 <= held / number <= 0.98, (name, held)


def test_repeats_on_one_mounting_do_not_beat_the_systematic_part() -> None:
    rng = np.random.default_rng(5)
    names = ("hall_mobility", "carrier_density")
    excess: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(25):
        film = _film(50.0, 8.0, fall=0.005 * rng.standard_normal())
        mounting, calibration = STATION.mount(film, rng), STATION.session(rng, "today")
        records = [
            STATION.measure(film, rng, mounting=mounting, calibration=calibration, settings={"reversals": 2.0})
            for _ in range(100)
        ]
        for name in names:
            values = [r.derived[name].value for r in records]
            systematic = records[0].derived[name].u_systematic
            assert np.std(values) / math.sqrt(100) < 0.1 * systematic
            excess[name].append((float(np.mean(values)) - _truth(film)[name]) / systematic)
    for name in names:
        assert 0.7 < math.sqrt(np.mean(np.square(excess[name]))) < 1.35, name


def test_thickness_and_current_do_not_enter_the_mobility() -> None:
    record = STATION.measure(_film(100.0), np.random.default_rng(1))
    clumsy = {**record.settings, "stylus_step_m": 50e-9, "stylus_gain": 0.3, "current_gain": 0.1}
    derived = analyse({**record.raw, "step_height_m": 2.0 * record.raw["step_height_m"].astype(float)}, clumsy).derived
    assert derived["hall_mobility"] == record.derived["hall_mobility"]
    # The density goes as 1/t, and its uncertainty with it.
    assert derived["carrier_density"].value == pytest.approx(0.5 * record.derived["carrier_density"].value)
    assert derived["carrier_density"].u / derived["carrier_density"].value > 0.3
    product = derived["carrier_density"].value * derived["resistivity"].value * derived["hall_mobility"].value
    assert product * ELEMENTARY_CHARGE_C == pytest.approx(1.0, rel=1e-12)


def test_misalignment_is_many_hall_voltages_and_drops_out() -> None:
    film, rng = _film(1e3, 1.0), np.random.default_rng(3)
    mounting = STATION.mount(film, rng)
    moved = tuple(a + shift for a, shift in zip(mounting.angle_rad, (0.1, -0.1, 0.0, 0.0), strict=True))
    record = STATION.measure(film, None, mounting=mounting._replace(angle_rad=moved))
    raw = record.raw
    diagonal = raw["voltage_v"].astype(float)[(raw["terminals"] == DIAGONALS[0]) & (raw["field_t"] == 0.5)]
    hall_v = float(record.settings["current_range_a"]) * 0.5 * 1e-4 * 1e3
    assert np.ptp(diagonal) / 2.0 > 100.0 * hall_v
    # What is left: each contact's own size is not known, only the specified one.
    assert record.derived["hall_mobility"].value == pytest.approx(1.0, rel=0.02)


def test_contacts_are_corrected_for_at_their_specified_size() -> None:
    # 1.5 mm arms on 10 mm: uncorrected, the Hall voltage would be 6 % too low.
    large = _with(contacts__arm_m=0.0015, contacts__arm_spread=0.0, method__field_gain=0.0)
    film = _film(100.0)
    record = large.measure(film, None)
    assert record.derived["hall_mobility"].value == pytest.approx(10.0, rel=1e-9)
    blind = analyse(record.raw, {**record.settings, "arm_m": 1e-6}).derived["hall_mobility"].value
    assert blind == pytest.approx(10.0 * (1.0 - 8.0 * 0.0774 / math.pi**2), rel=0.01)


def test_a_film_of_low_mobility_gives_bounds_that_hold() -> None:
    rng = np.random.default_rng(8)
    held, names = 0, set()
    for _ in range(100):
        film = _film(5.0, 0.0005)
        record = STATION.measure(film, rng)
        assert "hall_signal_weak" in record.flags
        assert "sheet_resistance" in record.derived
        assert not {"hall_mobility", "carrier_density", "hall_coefficient"} & set(record.derived)
        truth = _truth(film)
        names |= set(record.derived)
        held += (
            record.derived["hall_mobility_upper_bound"].value >= truth["hall_mobility"]
            and record.derived["carrier_density_lower_bound"].value
            <= truth["carrier_density"] + 1.96 * record.derived["carrier_density_lower_bound"].u
        )
    assert held >= 92
    assert "sheet_carrier_density_lower_bound" in names


def test_a_stronger_field_and_more_reversals_find_lower_mobility() -> None:
    film = _film(5.0, 0.02)

    def spread(**settings: float) -> float:
        derived = STATION.measure(film, np.random.default_rng(2), settings=settings).derived
        bound = derived.get("hall_mobility", derived.get("hall_mobility_upper_bound"))
        assert bound is not None
        return bound.value

    assert spread(field_t=1.0, reversals=200.0) < spread(field_t=0.1, reversals=4.0)
    assert spread(field_t=1.0, reversals=200.0) == pytest.approx(0.02, rel=0.5)


def test_compliance_and_over_range_leave_bounds_and_no_value() -> None:
    record = STATION.measure(_film(1e9, 1.0), np.random.default_rng(0))
    assert record.flags == ("compliance",)
    assert set(record.derived) == {"thickness", "sheet_resistance_lower_bound", "resistivity_lower_bound"}
    bound = record.derived["sheet_resistance_lower_bound"].value
    assert bound < 1e9
    assert STATION.measure(_film(0.99 * bound), None).flags == ()
    assert STATION.measure(_film(1.01 * bound), None).flags == ("compliance",)


def test_overflow_with_field_alone_leaves_the_sheet_resistance() -> None:
    record = STATION.measure(_film(100.0), None)
    voltage = record.raw["voltage_v"].astype(float)
    in_field = record.raw["field_t"].astype(float) != 0.0
    derived, flags = analyse({**record.raw, "voltage_v": np.where(in_field, OVERFLOW, voltage)}, record.settings)
    assert flags == ("over_range",)
    assert set(derived) == {"thickness", "sheet_resistance", "resistivity"}


def test_a_pair_that_is_not_reciprocal_gives_no_number() -> None:
    record = STATION.measure(_film(100.0), np.random.default_rng(0))

    def leaking(share: float) -> Measurement:
        voltage = record.raw["voltage_v"].astype(float)
        scaled = np.where(record.raw["terminals"] == SIDES[1], (1.0 + share) * voltage, voltage)
        derived, flags = analyse({**record.raw, "voltage_v": scaled}, record.settings)
        return replace(record, derived=derived, flags=flags)

    assert leaking(0.03).flags == ()
    spoiled = leaking(0.08)
    assert spoiled.flags == ("reciprocity",)
    assert set(spoiled.derived) == {"thickness"}


def test_reversal_and_field_reversal_remove_what_is_not_hall() -> None:
    # Thermal voltages a thousand times the usual ones and the meter's offset leave the values where they are.
    hot = _with(thermal_voltage__emf_v=1e-3, film__temperature_coefficient_per_k=0.0)
    film = _film(100.0, 5.0)
    mounting = hot.mount(film, np.random.default_rng(4))
    ideal = hot.session(None, "ideal")
    alike = mounting._replace(half_rad=hot.mount(film, None).half_rad)
    record = hot.measure(film, np.random.default_rng(5), mounting=alike, calibration=ideal)
    assert record.derived["sheet_resistance"].value == pytest.approx(100.0, rel=1e-4)
    assert record.derived["hall_mobility"].value == pytest.approx(5.0, rel=2e-2)


def test_self_heating_is_inside_the_stated_uncertainty() -> None:
    warm = _with(film__thermal_k_w=2e4)
    errors = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        record = warm.measure(_film(100.0), rng, calibration=warm.session(None, "ideal"))
        derived = record.derived["sheet_resistance"]
        errors.append((derived.value - 100.0) / derived.u)
    # 1 mA through some 330 ohm, 20 K/mW: 6 K, and the coefficient of a film is 1e-3/K in the mean square.
    assert derived.u / 100.0 > 0.004
    assert 0.75 < math.sqrt(np.mean(np.square(errors))) < 1.2


def test_laboratory_time_is_told() -> None:
    usual = float(STATION.measure(_film(100.0), None).settings["duration_s"])
    longer = float(STATION.measure(_film(100.0), None, settings={"reversals": 100.0}).settings["duration_s"])
    # 10-30 min with contacts; eight blocks of 2 x 90 more readings of 0.3 s.
    assert 600.0 < usual < 1800.0
    assert longer - usual == pytest.approx(8 * 2 * 90 * 0.3)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="square"):
        STATION.measure(replace(_film(100.0), width_m=0.008), None)
    with pytest.raises(InvalidInputError, match="contact lengths"):
        STATION.measure(_film(100.0, side_m=0.004), None)
    with pytest.raises(InvalidInputError, match="conducts"):
        STATION.measure(replace(_film(100.0), charge=None), None)


def test_a_record_that_lacks_something_is_refused() -> None:
    record = STATION.measure(_film(100.0), None)
    settings = {k: v for k, v in record.settings.items() if k != "arm_m"}
    with pytest.raises(InvalidInputError, match="arm_m"):
        analyse(record.raw, settings)
    with pytest.raises(InvalidInputError, match="both signs"):
        analyse({**record.raw, "field_t": np.abs(record.raw["field_t"].astype(float)) * 0.0}, record.settings)
    one_way = np.abs(record.raw["current_a"].astype(float))
    with pytest.raises(InvalidInputError, match="opposite currents"):
        analyse({**record.raw, "current_a": one_way}, record.settings)


def test_the_record_names_its_settings_once() -> None:
    settings = STATION.measure(_film(100.0), None).settings
    assert set(hall_analysis._SETTINGS) <= set(settings)
