"""The instrument end to end: hidden films, raw spectra, analysed values and what their uncertainties claim."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.film.optical_constants import PLANCK_TIMES_LIGHT_EV_M
from tansaki.twin.measurement.instrument import Calibrated
from tansaki.twin.measurement.optical import film_spectrum, spectrum_slopes
from tansaki.twin.measurement.optical.spectrophotometer import Errors, Mounting, Spectrophotometer, sample_fractions
from tansaki.twin.measurement.optical.spectrum_analysis import analyse
from tansaki.twin.quantities import load
from tansaki.twin.records import Measurement
from tansaki.twin.specimens.specimen import FilmLayer, Floats, Specimen

INSTRUMENT = Spectrophotometer(load("instruments", "spectrophotometer"))


def _oxide(
    thickness_m: float,
    peak_ev: float = 4.1,
    gap_ev: float = 3.45,
    plasma_ev2: float = 3.0,
    damping_ev: float = 0.32,
    voids: float = 0.07,
    roughness_m: float = 1e-9,
) -> Specimen:
    """A film of the family that the analysis fits."""
    film = np.array(
        [thickness_m, roughness_m, 2.45, 340.0, peak_ev, 1.3, gap_ev, plasma_ev2, damping_ev, 0.15, 1.0, 0.8, voids]
    )

    def index(wavelength_m: Floats) -> np.ndarray:
        model = spectrum_slopes.model_of(film)
        found = film_spectrum.film_dielectric(PLANCK_TIMES_LIGHT_EV_M / wavelength_m, model)
        return np.sqrt(found.real + 1j * found.imaginary)

    return _coated(FilmLayer(thickness_m, {"Ti": 1.0, "O": 2.0}, 3800.0, roughness_m, index))


def _coated(*layers: FilmLayer, substrate: str = "glass") -> Specimen:
    return Specimen("any", substrate, 0.01, 0.01, layers)


def _constant(thickness_m: float, index: complex) -> FilmLayer:
    return FilmLayer(
        thickness_m, {"Ti": 1.0, "O": 2.0}, 3800.0, 0.0, lambda wavelength_m: np.full(wavelength_m.shape, index)
    )


def _n600(specimen: Specimen) -> complex:
    return complex(specimen.layers[0].refractive_index(np.array([600e-9]))[0])


def _random(rng: np.random.Generator, number: int) -> Iterator[tuple[Specimen, float]]:
    """Oxides and the resistivity that their free electrons stand for, ohm cm."""
    for _ in range(number):
        plasma, damping, voids = rng.uniform(1.5, 6.0), rng.uniform(0.25, 0.45), rng.uniform(0.01, 0.12)
        specimen = _oxide(
            math.exp(rng.uniform(math.log(40e-9), math.log(500e-9))),
            rng.uniform(4.0, 4.3),
            rng.uniform(3.4, 3.7),
            plasma,
            damping,
            voids,
            math.exp(rng.uniform(math.log(0.4e-9), math.log(2e-9))),
        )
        specimen = replace(specimen, thickness_curvature_per_m2=0.005 / 0.005**2 * rng.standard_normal())
        slow = 1e-6
        imaginary = complex(
            specimen.layers[0].refractive_index(np.array([PLANCK_TIMES_LIGHT_EV_M / slow]))[0] ** 2
        ).imag
        conductivity = 8.8541878128e-12 * slow / 6.582119569e-16 * imaginary
        yield specimen, 100.0 / conductivity


@pytest.mark.parametrize("thickness_nm", [40.0, 90.0, 150.0, 250.0, 420.0])
def test_the_ideal_reading_returns_the_truth(thickness_nm: float) -> None:
    specimen = _oxide(1e-9 * thickness_nm)
    record = INSTRUMENT.measure(specimen, None)
    assert record.derived["thickness"].value == pytest.approx(thickness_nm, rel=2e-3)
    assert record.derived["refractive_index_600nm"].value == pytest.approx(_n600(specimen).real, rel=2e-3)
    assert record.derived["extinction_600nm"].value == pytest.approx(_n600(specimen).imag, abs=1e-3)
    light = np.linspace(400e-9, 700e-9, 3001)
    seen = sample_fractions(specimen, light)
    for name, values in (("transmittance", seen.transmitted), ("reflectance", seen.reflected)):
        assert record.derived[f"visible_{name}"].value == pytest.approx(float(values.mean()), abs=5e-4)
    assert not {"fit_failed", "out_of_window", "no_free_carriers"} & set(record.flags)


def test_other_plates_have_their_own_index() -> None:
    specimen = replace(_oxide(1.2e-7), substrate="alumina")
    record = INSTRUMENT.measure(specimen, None)
    assert record.derived["thickness"].value == pytest.approx(120.0, rel=2e-3)
    assert record.derived["refractive_index_600nm"].value == pytest.approx(_n600(specimen).real, rel=2e-3)


def test_coverage_of_the_95_percent_intervals() -> None:
    rng = np.random.default_rng(11)
    errors: dict[str, list[float]] = {"refractive_index_600nm": [], "thickness": [], "optical_resistivity": []}
    for specimen, resistivity in _random(rng, 200):
        derived = INSTRUMENT.measure(specimen, rng).derived
        truths = (_n600(specimen).real, 1e9 * specimen.thickness_m, resistivity)
        for (name, found), truth in zip(errors.items(), truths, strict=True):
            if name in derived:
                found.append((derived[name].value - truth) / derived[name].u)
    for name, found in errors.items():
        assert len(found) >= 196, name
        share = np.mean(np.abs(found) <= 1.96)
        assert 0.92 <= share <= 0.98, (name, share)


def test_repeats_on_one_mounting_keep_the_systematic_part() -> None:
    rng = np.random.default_rng(4)
    kept: dict[str, list[float]] = {"refractive_index_600nm": [], "thickness": [], "visible_transmittance": []}
    spread: list[float] = []
    for specimen, _ in _random(rng, 10):
        session, mounting = INSTRUMENT.session(rng, "today"), INSTRUMENT.mount(specimen, rng)
        records = [INSTRUMENT.measure(specimen, rng, calibration=session, mounting=mounting) for _ in range(12)]
        ideal = INSTRUMENT.measure(specimen, None).derived["visible_transmittance"].value
        truths = (_n600(specimen).real, 1e9 * specimen.thickness_m, ideal)
        for (name, found), truth in zip(kept.items(), truths, strict=True):
            taken = [record.derived[name] for record in records]
            values = np.array([value.value for value in taken])
            systematic = float(np.mean([value.u_systematic for value in taken]))
            random = float(np.mean([math.sqrt(value.u**2 - value.u_systematic**2) for value in taken]))
            found.append((values.mean() - truth) / math.hypot(systematic, random / math.sqrt(12)))
            spread.append(float(values.std(ddof=1)) / random)
    for name, found in kept.items():
        assert 0.5 <= math.sqrt(np.mean(np.square(found))) <= 1.6, (name, found)
    assert 0.8 <= math.sqrt(np.mean(np.square(spread))) <= 1.2


def test_a_longer_integration_takes_longer_and_is_quieter() -> None:
    specimen = _oxide(1e-7)
    quick, slow = (
        INSTRUMENT.measure(specimen, np.random.default_rng(1), settings={"integration_s": t}) for t in (0.1, 1.6)
    )
    assert float(slow.settings["duration_s"]) - float(quick.settings["duration_s"]) == pytest.approx(2 * 441 * 1.5)
    # Two to five minutes is usual.
    assert 120.0 < float(quick.settings["duration_s"]) < 300.0
    one, other = (r.derived["thickness"] for r in (quick, slow))
    assert other.u**2 - other.u_systematic**2 < 0.2 * (one.u**2 - one.u_systematic**2)


def test_the_detectors_do_not_meet() -> None:
    step = Calibrated("wrong", Errors(0.0, 0.0, 0.01, -0.02, 1e-4))
    specimen = _oxide(1e-7)
    wrong = INSTRUMENT.measure(specimen, None, calibration=step).raw
    ideal = INSTRUMENT.measure(specimen, None).raw
    beyond = ideal["wavelength_m"] > 860e-9
    for name, size in (("transmittance", 0.01), ("reflectance", -0.02)):
        ratio = np.asarray(wrong[name], float) / np.asarray(ideal[name], float) - 1.0
        np.testing.assert_allclose(ratio[beyond], size, rtol=1e-9)
        np.testing.assert_allclose(ratio[~beyond], 0.0, atol=1e-12)


def test_a_wrong_mirror_is_found_by_the_fit() -> None:
    # T and R of one film must agree on one thickness and index.
    specimen = _oxide(2.2e-7)
    wrong = Calibrated("wrong", Errors(0.0, 0.01, 0.0, 0.0, 1e-4))
    record = INSTRUMENT.measure(specimen, None, calibration=wrong, mounting=Mounting(0.0, 0.0))
    ideal = INSTRUMENT.measure(specimen, None)
    assert record.derived["thickness"].value == pytest.approx(220.0, abs=0.3)
    assert record.derived["visible_reflectance"].value == pytest.approx(
        1.01 * ideal.derived["visible_reflectance"].value, rel=1e-4
    )


def test_thinner_than_a_fringe_falls_back_to_the_fit() -> None:
    record = INSTRUMENT.measure(_oxide(50e-9), np.random.default_rng(2))
    assert "no_fringes" in record.flags
    assert record.derived["thickness"].value == pytest.approx(50.0, abs=5.0 * record.derived["thickness"].u)


def test_fringes_of_a_transparent_film_are_used() -> None:
    record = INSTRUMENT.measure(_oxide(800e-9, plasma_ev2=0.0), np.random.default_rng(2))
    assert "no_fringes" not in record.flags
    assert record.derived["thickness"].value == pytest.approx(800.0, rel=0.01)
    # So thick a film lets nothing through where its edge is straight.
    assert record.flags == ("no_free_carriers", "out_of_window")


def test_a_film_that_the_model_does_not_describe_has_no_fitted_value() -> None:
    def index(wavelength_m: Floats) -> np.ndarray:
        # Two narrow bands in the visible, as of a dye.
        energy = PLANCK_TIMES_LIGHT_EV_M / wavelength_m
        return np.sqrt(4.0 + sum(0.6 / (at**2 - energy**2 - 0.08j * energy) for at in (1.9, 2.5)))

    layer = FilmLayer(90e-9, {"Ti": 1.0, "O": 2.0}, 3800.0, 0.0, index)
    record = INSTRUMENT.measure(_coated(layer), np.random.default_rng(2))
    assert "fit_failed" in record.flags
    assert not {"thickness", "refractive_index_600nm", "optical_resistivity"} & set(record.derived)
    assert "visible_transmittance" in record.derived


def test_fringes_alone_serve_where_the_model_fails() -> None:
    def index(wavelength_m: Floats) -> np.ndarray:
        # Transparent as glass, but for a narrow band in the near infrared.
        energy = PLANCK_TIMES_LIGHT_EV_M / wavelength_m
        return np.sqrt(5.0 + 0.004 / (0.7**2 - energy**2 - 0.02j * energy))

    layer = FilmLayer(900e-9, {"Ti": 1.0, "O": 2.0}, 3800.0, 0.0, index)
    record = INSTRUMENT.measure(_coated(layer), np.random.default_rng(2))
    assert "fit_failed" in record.flags
    thickness, n = record.derived["thickness"], record.derived["refractive_index_600nm"]
    assert abs(thickness.value - 900.0) <= 1.96 * thickness.u
    assert abs(n.value - math.sqrt(5.0)) <= 1.96 * n.u


def test_several_films_give_averages_only() -> None:
    record = INSTRUMENT.measure(_coated(_constant(6e-8, 2.3), _constant(9e-8, 1.6)), np.random.default_rng(2))
    assert record.flags == ("stack",)
    assert set(record.derived) == {"visible_transmittance", "visible_reflectance"}


def test_a_metal_is_opaque() -> None:
    record = INSTRUMENT.measure(_coated(_constant(3e-7, 1.5 + 5.0j)), np.random.default_rng(2))
    assert record.flags == ("opaque",)
    assert set(record.derived) == {"visible_transmittance", "visible_reflectance"}


def test_ranges_that_miss_what_is_asked_are_flagged() -> None:
    late = INSTRUMENT.measure(_oxide(1e-7), np.random.default_rng(2), settings={"start_nm": 450.0})
    assert "out_of_window" in late.flags
    assert not {"visible_transmittance", "tauc_gap"} & set(late.derived)
    short = INSTRUMENT.measure(_oxide(1e-7), np.random.default_rng(2), settings={"stop_nm": 1000.0})
    assert "no_free_carriers" in short.flags
    assert "optical_resistivity" not in short.derived


def test_the_centre_is_known_as_well_as_the_film_is_even() -> None:
    record = INSTRUMENT.measure(_oxide(2e-7), np.random.default_rng(5))
    even = analyse(record.raw, {**record.settings, "beam_uneven": 0.0}).derived["thickness"]
    uneven = analyse(record.raw, {**record.settings, "beam_uneven": 0.01}).derived["thickness"]
    assert uneven.u == pytest.approx(math.hypot(even.u, 0.01 * even.value), rel=1e-9)
    assert uneven.u_systematic == pytest.approx(math.hypot(even.u_systematic, 0.01 * even.value), rel=1e-9)


def test_a_thickness_that_is_known_is_used() -> None:
    record = INSTRUMENT.measure(_oxide(60e-9), np.random.default_rng(5))
    known = {**record.settings, "model_thickness_m": 60e-9, "model_thickness_m_u": 1e-11}
    found = analyse(record.raw, known).derived["thickness"]
    assert found.u < 0.06
    assert found.value == pytest.approx(60.0, abs=0.1)


def test_the_gap_is_near_that_of_the_film() -> None:
    gaps = [
        INSTRUMENT.measure(_oxide(1e-7, gap_ev=gap, plasma_ev2=0.0), np.random.default_rng(3)).derived["tauc_gap"]
        for gap in (3.2, 3.4)
    ]
    # The Tauc-Lorentz edge is not the straight line of the plot: the plot's gap lies some hundredths beside.
    for found, gap in zip(gaps, (3.2, 3.4), strict=True):
        assert found.value == pytest.approx(gap, abs=0.12)
    assert gaps[1].value - gaps[0].value == pytest.approx(0.2, abs=0.06)


def test_a_plate_that_is_not_transparent_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="transparent plate"):
        INSTRUMENT.measure(_coated(_constant(1e-7, 2.3), substrate="silicon"), None)


def test_the_beam_meets_the_mean_thickness() -> None:
    bent = replace(_oxide(2e-7), thickness_curvature_per_m2=2000.0)
    record = INSTRUMENT.measure(bent, None)
    # Mean over 6 mm x 3 mm of 1 - 2000(x^2 + y^2).
    mean = 1.0 - 2000.0 * (0.006**2 + 0.003**2) / 12.0
    plain = INSTRUMENT.measure(_oxide(2e-7), None).derived["thickness"].value
    assert record.derived["thickness"].value == pytest.approx(mean * plain, rel=2e-4)


def _without(record: Measurement, name: str) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    raw = {key: np.asarray(value) for key, value in record.raw.items() if key != name}
    return raw, {key: value for key, value in record.settings.items() if key != name}


@pytest.mark.parametrize("name", ["reflectance", "slit_m", "substrate", "model_gap_ev"])
def test_what_is_left_out_is_named(name: str) -> None:
    raw, settings = _without(INSTRUMENT.measure(_oxide(1e-7), None), name)
    with pytest.raises(InvalidInputError, match=name):
        analyse(raw, settings)


def test_records_that_cannot_be_are_refused() -> None:
    record = INSTRUMENT.measure(_oxide(1e-7), None)
    with pytest.raises(InvalidInputError, match="rising"):
        analyse({name: np.asarray(value)[::-1] for name, value in record.raw.items()}, record.settings)
    broken = np.array(record.raw["reflectance"], dtype=float)
    broken[7] = np.nan
    with pytest.raises(InvalidInputError, match="reflectance"):
        analyse({**record.raw, "reflectance": broken}, record.settings)
    with pytest.raises(InvalidInputError, match="equal lengths"):
        analyse({**record.raw, "reflectance": np.ones(3)}, record.settings)
