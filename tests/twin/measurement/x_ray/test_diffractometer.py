"""The diffractometer end to end: what the scan shows, what the analysis makes of it, what its uncertainty claims."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import open_instrument
from tansaki.twin.measurement.x_ray.crystal import open_crystal, reflections
from tansaki.twin.measurement.x_ray.diffraction_analysis import analyse
from tansaki.twin.measurement.x_ray.diffractometer import Errors, Mounting, XRayDiffractometer
from tansaki.twin.measurement.x_ray.scattering_specimen import area_ratio, film_lines
from tansaki.twin.quantities import load
from tansaki.twin.records import Array, Derived, Measurement
from tansaki.twin.specimens.specimen import Crystal, FilmLayer, Specimen

XRD = open_instrument("x_ray_diffractometer")
DIFFRACTOMETER = XRayDiffractometer(load("instruments", "x_ray_diffractometer"))
STEADY = (Errors(0.0, 1.0), Mounting(0.0, math.radians(0.2)))


def film(*crystals: Crystal, thickness_m: float = 1.5e-7, plate: str = "silicon") -> Specimen:
    """A film of these phases, of the elements of the first; amorphous titania without any."""
    atoms = open_crystal(crystals[0].phase if crystals else "anatase").atoms.elements
    composition = {symbol: float(atoms.count(symbol)) for symbol in sorted(set(atoms))}
    layer = FilmLayer(thickness_m, composition, 4000.0, 1e-9, lambda w: np.full(w.shape, 2.0 + 0j), crystals)
    return Specimen("film", plate, 0.01, 0.01, (layer,))


def grains(
    phase: str = "anatase",
    share: float = 1.0,
    size_m: float = 2e-8,
    strain: float = 0.002,
    march_parameter: float = 1.0,
) -> Crystal:
    return Crystal(phase, share, size_m, 0.002, strain, (0, 0, 1), march_parameter)


def ideal(specimen: Specimen, **settings: float) -> Measurement:
    return XRD.measure(specimen, None, settings=settings)


def counts(record: Measurement) -> np.ndarray:
    return np.asarray(record.raw["intensity_counts"], dtype=float)


def at(record: Measurement, two_theta_deg: float) -> float:
    return float(np.interp(two_theta_deg, np.asarray(record.raw["two_theta_deg"], dtype=float), counts(record)))


def angle_deg(phase: str, hkl: tuple[int, int, int], wavelength_m: float = 1.540593e-10) -> float:
    table = reflections(open_crystal(phase), 0.7e-10)
    (index,) = np.flatnonzero((table.hkl == hkl).all(axis=1))
    return 2.0 * math.degrees(math.asin(0.5 * wavelength_m / table.spacing_m[index]))


# ---- what the scan shows


def test_the_time_of_a_scan_is_that_of_a_public_header() -> None:
    """25 to 60° at 8°/min: 262 s, 311 s by the time stamps; here with the loading."""
    record = ideal(film(grains()), start_deg=25.0, stop_deg=60.0, speed_deg_min=8.0, step_deg=0.01)
    assert float(record.settings["duration_s"]) == pytest.approx(262.5 + 49.0 + 120.0)
    assert len(counts(record)) == 3501


def test_slower_and_stronger_scans_count_more() -> None:
    usual, slow = (ideal(film(grains()), speed_deg_min=speed) for speed in (4.0, 1.0))
    dim = ideal(film(grains()), speed_deg_min=4.0, tube_current_ma=100.0)
    np.testing.assert_allclose(counts(slow), 4.0 * counts(usual), rtol=1e-9)
    # All but the dead time.
    away = np.asarray(usual.raw["two_theta_deg"], dtype=float) < 55.0
    np.testing.assert_allclose(counts(usual)[away], 2.0 * counts(dim)[away], rtol=0.02)


def test_a_fully_oriented_film_shows_nothing_else() -> None:
    """r = 0.05 about (001): (004) alone stands over the background, and its orders."""
    bare = ideal(film(grains(share=1e-12)))
    oriented = ideal(film(grains(march_parameter=0.05, strain=0.0)))
    excess = {
        hkl: at(oriented, angle_deg("anatase", hkl)) - at(bare, angle_deg("anatase", hkl))
        for hkl in ((0, 0, 4), (1, 0, 1), (2, 0, 0), (1, 0, 5))
    }
    strongest = excess.pop((0, 0, 4))
    assert all(abs(other) < 2e-3 * strongest for other in excess.values())


def test_the_doublet_is_split() -> None:
    """Lines of anatase (101) lie 0.064° apart (reference table), the second half as strong."""
    optics = DIFFRACTOMETER.optics(*STEADY)
    lines = film_lines(film(grains(strain=0.0)), optics)[0]
    near = lines[np.abs(np.rad2deg(lines[:, 0]) - 25.33) < 0.1]
    assert np.ptp(np.rad2deg(near[:, 0])) == pytest.approx(0.064, abs=5e-4)
    assert near[:, 1].min() / near[:, 1].max() == pytest.approx(0.5, rel=0.01)


def test_the_kbeta_line_is_there() -> None:
    """A scan of a strong film stands higher there than on either side."""
    record = ideal(film(grains("licoo2", strain=0.0, size_m=1e-7), thickness_m=5e-6))
    beta = angle_deg("licoo2", (0, 0, 3), 1.392218e-10)
    assert at(record, beta) > 1.05 * at(record, beta - 0.4)
    assert at(record, beta) > 1.05 * at(record, beta + 0.4)


def test_intensity_goes_with_thickness_and_films_shade_what_is_below() -> None:
    optics = DIFFRACTOMETER.optics(*STEADY)
    thin, thick = (film_lines(film(grains(), thickness_m=t), optics)[0][0, 1] for t in (5e-8, 1e-7))
    assert thick / thin == pytest.approx(1.978, rel=0.005)
    lower = film(grains()).layers[0]
    cover = film(grains("in2o3"), thickness_m=1e-6).layers[0]
    open_to_air = film_lines(Specimen("a", "glass", 0.01, 0.01, (lower,)), optics)[0]
    covered = film_lines(Specimen("b", "glass", 0.01, 0.01, (cover, lower)), optics)[1]
    assert np.all(covered[:, 1] < open_to_air[:, 1])


def test_an_amorphous_film_gives_a_hump_where_its_crystals_gave_lines() -> None:
    crystalline, amorphous = (ideal(film(grains(share=share))) for share in (1.0, 1e-12))
    assert at(amorphous, 31.0) > at(crystalline, 31.0)
    assert at(crystalline, angle_deg("anatase", (1, 0, 1))) > at(amorphous, angle_deg("anatase", (1, 0, 1)))


def test_a_wafer_blinds_the_detector_and_says_so() -> None:
    record = ideal(film(grains()))
    line = angle_deg("silicon", (4, 0, 0))
    seconds = 60.0 * 0.02 / float(record.settings["speed_deg_min"])
    assert at(record, line) / seconds > 0.3 / DIFFRACTOMETER.dead_time_s
    assert at(record, line) / seconds < 1.0 / DIFFRACTOMETER.dead_time_s
    assert "detector_saturated" in record.flags
    assert "detector_saturated" not in ideal(film(grains(), plate="glass")).flags


def test_a_displaced_specimen_moves_its_lines() -> None:
    straight, displaced = (
        film_lines(film(grains()), DIFFRACTOMETER.optics(Errors(0.0, 1.0), Mounting(s, 0.0)))[0] for s in (0.0, 1e-4)
    )
    moved = displaced[:, 0] - straight[:, 0]
    np.testing.assert_allclose(moved, -2e-4 / 0.3 * np.cos(0.5 * straight[:, 0]), rtol=1e-9)


def test_counts_are_poissonian() -> None:
    specimen = film(grains(share=1e-12))
    record = ideal(specimen, start_deg=75.0, stop_deg=135.0, step_deg=0.01)
    session = XRD.session(None, "ideal")
    rng = np.random.default_rng(3)
    drawn = XRD.measure(
        specimen,
        rng,
        settings={"start_deg": 75.0, "stop_deg": 135.0, "step_deg": 0.01},
        calibration=session,
        mounting=STEADY[1],
    )
    mean = counts(record)
    ratio = float(np.mean((counts(drawn) - mean) ** 2 / mean))
    assert ratio == pytest.approx(1.0, abs=4.0 * math.sqrt(2.0 / len(mean)))
    assert np.all(counts(drawn) == np.round(counts(drawn)))


def test_a_scan_that_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="stop_deg"):
        ideal(film(grains()), start_deg=60.0, stop_deg=50.0)
    with pytest.raises(InvalidInputError, match="stop_deg"):
        ideal(film(grains()), start_deg=60.0, stop_deg=60.5)


# ---- what the analysis makes of it


@pytest.mark.parametrize("phase", ["anatase", "rutile", "tin", "in2o3", "zno", "licoo2", "co3o4"])
def test_an_ideal_scan_gives_the_truth(phase: str) -> None:
    specimen = film(grains(phase, size_m=1.5e-8, strain=0.003))
    derived = ideal(specimen, speed_deg_min=0.5).derived
    assert derived["crystallite_size"].value == pytest.approx(15.0, rel=0.02)
    assert derived["microstrain"].value == pytest.approx(0.002, rel=0.1)
    for edge, length in open_crystal(phase).edges_m.items():
        found = derived[f"lattice_parameter_{edge[0]}"]
        assert found.value == pytest.approx(1e9 * length * 1.003, rel=2e-5)
    assert derived[f"phase_fraction_{phase}"].value == pytest.approx(1.0, abs=0.01)
    coefficients = [found.value for name, found in derived.items() if name.startswith("texture_coefficient")]
    assert coefficients == pytest.approx([1.0] * len(coefficients), abs=0.06)


def test_texture_is_seen() -> None:
    specimen = film(grains("licoo2", march_parameter=0.7))
    derived = ideal(specimen).derived
    ratio = derived["peak_ratio_003_104"]
    assert ratio.value == pytest.approx(area_ratio(specimen, "licoo2", (0, 0, 3), (1, 0, 4)), rel=0.02)
    assert derived["texture_coefficient_003"].value > 1.5
    assert derived["texture_coefficient_104"].value < 1.0


def test_a_peak_that_is_lost_bounds_the_ratio() -> None:
    specimen = film(grains("licoo2", march_parameter=0.12), thickness_m=3e-8)
    truth = area_ratio(specimen, "licoo2", (0, 0, 3), (1, 0, 4))
    rng = np.random.default_rng(4)
    derived = XRD.measure(specimen, rng, settings={"speed_deg_min": 40.0}).derived
    assert "peak_ratio_003_104" not in derived
    assert derived["peak_ratio_003_104_lower_bound"].value < truth


def test_shares_of_phases() -> None:
    specimen = film(grains(share=0.6), grains("rutile", share=0.2))
    derived = XRD.measure(specimen, np.random.default_rng(5)).derived
    for phase, share in (("anatase", 0.75), ("rutile", 0.25)):
        found = derived[f"phase_fraction_{phase}"]
        assert abs(found.value - share) < 3.0 * found.u
        assert found.u < 0.3
    alone = XRD.measure(film(grains()), np.random.default_rng(6)).derived
    assert alone["phase_fraction_rutile_upper_bound"].value < 0.1


@pytest.mark.parametrize("plate", ["glass", "silicon", "strontium_titanate", "alumina"])
def test_an_amorphous_film_gives_no_numbers(plate: str) -> None:
    record = XRD.measure(film(plate=plate), np.random.default_rng(7))
    assert "no_peaks" in record.flags
    assert set(record.derived) == {"chi_squared"}


def test_a_phase_that_no_candidate_has_is_unknown() -> None:
    """Zinc oxide in a film of titania, and a film of which the operator looks for the wrong phase."""
    mixed = film(grains(share=0.7), grains("zno", share=0.3))
    record = XRD.measure(mixed, np.random.default_rng(8))
    assert "unknown_phase" in record.flags
    assert "phase_fraction_anatase" in record.derived
    assert not any("zno" in name for name in record.derived)
    lines = [angle_deg("zno", hkl) for hkl in ((1, 0, 0), (0, 0, 2), (1, 0, 1), (1, 1, 0), (1, 0, 3), (1, 0, 2))]
    assert min(abs(record.derived["unknown_peak"].value - line) for line in lines) < 0.3
    other = XRD.measure(film(grains()), np.random.default_rng(9))
    derived, flags = analyse(other.raw, {**other.settings, "candidates": "silicon"})
    assert "unknown_phase" in flags
    assert derived["unknown_peak"].value == pytest.approx(angle_deg("anatase", (1, 0, 1)), abs=0.2)


def test_tiny_and_few_crystals_bound_their_size() -> None:
    record = XRD.measure(
        film(grains(share=0.5, size_m=3e-8), thickness_m=2.5e-8, plate="glass"), np.random.default_rng(10)
    )
    assert "crystallite_size" not in record.derived
    if record.derived.get("crystallite_size_lower_bound"):
        assert record.derived["crystallite_size_lower_bound"].value < 30.0


def test_a_file_that_says_little_is_analysed_with_the_data_sheet() -> None:
    """Angles, counts, and nothing else: all phases are looked for."""
    record = XRD.measure(film(grains()), np.random.default_rng(11))
    derived, _ = analyse(record.raw, {"substrate": "silicon"})
    assert derived["phase_fraction_anatase"].value > 0.9
    assert derived["crystallite_size"].value == pytest.approx(record.derived["crystallite_size"].value, rel=0.1)


def test_the_analysis_sees_no_specimen() -> None:
    """Same counts and settings, same values: nothing else goes in."""
    record = XRD.measure(film(grains()), np.random.default_rng(12))
    raw: Mapping[str, Array] = {name: np.array(array) for name, array in record.raw.items()}
    assert analyse(raw, dict(record.settings)) == (record.derived, record.flags)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"two_theta_deg": None}, "two_theta_deg"),
        ({"intensity_counts": np.full(2751, -1.0)}, "intensity_counts"),
        ({"intensity_counts": np.full(2751, np.nan)}, "intensity_counts"),
        ({"intensity_counts": np.ones(7)}, "as many counts"),
        ({"two_theta_deg": np.linspace(70.0, 15.0, 2751)}, "evenly spaced"),
        ({"two_theta_deg": np.geomspace(15.0, 70.0, 2751)}, "evenly spaced"),
    ],
)
def test_a_record_that_is_wrong_is_refused(change: dict[str, np.ndarray | None], match: str) -> None:
    record = ideal(film(grains()))
    raw = {name: array for name, array in {**record.raw, **change}.items() if array is not None}
    with pytest.raises(InvalidInputError, match=match):
        analyse(raw, record.settings)


# ---- what the uncertainty claims


def scores(number: int, seed: int) -> dict[str, np.ndarray]:
    """(value − truth)/u of random films, each in a session of its own."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {"crystallite_size": [], "lattice_parameter_a": [], "lattice_parameter_c": []}
    for _ in range(number):
        thickness = math.exp(rng.uniform(math.log(3e-8), math.log(3e-7)))
        size = min(math.exp(rng.uniform(math.log(2e-9), math.log(6e-8))), 0.8 * thickness)
        strain, plate = rng.normal(0.0, 0.003), ("glass", "silicon")[int(rng.integers(2))]
        texture = rng.uniform(0.6, 1.2)
        crystals = grains(share=rng.uniform(0.6, 1.0), size_m=size, strain=strain, march_parameter=texture)
        derived = XRD.measure(film(crystals, thickness_m=thickness, plate=plate), rng).derived
        truth = {"crystallite_size": 1e9 * size}
        for edge, length in open_crystal("anatase").edges_m.items():
            truth[f"lattice_parameter_{edge[0]}"] = 1e9 * length * (1.0 + strain)
        for name, value in truth.items():
            if name in derived:
                found[name].append((derived[name].value - value) / derived[name].u)
    return {name: np.array(values) for name, values in found.items()}


def test_intervals_hold_the_truth_of_a_few_films() -> None:
    for name, z in scores(40, 13).items():
        assert len(z) > 30, name
        # Binomial: fewer than 33 of 40 has a chance below 0.2 % at 95 %.
        assert np.mean(np.abs(z) < 1.96) > 0.82, name
        assert 0.6 < z.std() < 1.5, name


@pytest.mark.slow
def test_intervals_hold_the_truth_of_many_films() -> None:
    for name, z in scores(400, 14).items():
        assert 0.92 <= np.mean(np.abs(z) < 1.96) <= 0.98, name


def test_repeats_on_one_mounting_keep_the_errors_of_the_mounting() -> None:
    specimen = film(grains(size_m=2.5e-8), thickness_m=2e-7)
    rng = np.random.default_rng(15)
    session = XRD.session(np.random.default_rng(16), "today")
    displaced = Mounting(1e-4, 0.0)
    taken = [XRD.measure(specimen, rng, calibration=session, mounting=displaced).derived for _ in range(25)]
    values = np.array([one["lattice_parameter_a"].value for one in taken])
    stated: Derived = taken[0]["lattice_parameter_a"]
    random = math.sqrt(stated.u**2 - stated.u_systematic**2)
    assert values.std(ddof=1) == pytest.approx(random, rel=0.45)
    truth = 1e9 * open_crystal("anatase").edges_m["a_m"] * 1.002
    # Twice the specified displacement: the mean is off by more than repeats could explain, as the systematic part says.
    assert 0.3 * stated.u_systematic < abs(values.mean() - truth) < 3.5 * stated.u_systematic
    assert abs(values.mean() - truth) > 2.0 * random / math.sqrt(len(values))


def test_a_better_specified_instrument_claims_less() -> None:
    record = ideal(film(grains()))
    sure = {**record.settings, "goniometer_displacement_m": 1e-6, "goniometer_zero_deg": 1e-4}
    better, _ = analyse(record.raw, sure)
    for edge in "ac":
        name = f"lattice_parameter_{edge}"
        assert better[name].u_systematic < 0.5 * record.derived[name].u_systematic


def test_the_record_does_not_tell_the_errors() -> None:
    specimen = film(grains())
    one, two = (XRD.measure(specimen, np.random.default_rng(seed)) for seed in (17, 18))
    assert one.settings == two.settings
    hidden = replace(specimen, layers=(specimen.layers[0]._replace(crystals=(grains(size_m=5e-8),)),))
    assert XRD.measure(hidden, np.random.default_rng(17)).settings == one.settings
