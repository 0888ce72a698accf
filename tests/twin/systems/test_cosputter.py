"""Co-sputtered wafers: balances, symmetry, the trends that make libraries and films, size effects of Cu-Ti."""

import math
from typing import Any

import numpy as np
import pytest

from tansaki.twin.deposition import sources
from tansaki.twin.draw import drawn_chamber
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.quantities import load
from tansaki.twin.systems import cosputter, cu_ti, ni_pd_pt_ru
from tansaki.twin.systems.registry import open_system
from tansaki.twin.systems.wafer_map import wafer_grid, wafer_map

_, BINARY = open_system("cu_ti", {})
_, QUATERNARY = open_system("ni_pd_pt_ru", {})
CONDUCTION = BINARY.conduction


def usual(system: str, **settings: float) -> dict[str, float]:
    known = {name: quantity.value for name, quantity in load("materials", system).section("settings").items()}
    return {**known, **settings}


def binary(**settings: float) -> cu_ti.Outputs:
    return cu_ti.evaluate(cu_ti.Inputs(**usual("cu_ti", **settings)), BINARY)


def quaternary(**settings: float) -> ni_pd_pt_ru.Outputs:
    return ni_pd_pt_ru.evaluate(ni_pd_pt_ru.Inputs(**usual("ni_pd_pt_ru", **settings)), QUATERNARY)


def sources_of(**settings: float) -> tuple[cosputter.Source, ...]:
    return cu_ti.sources(cu_ti.Inputs(**usual("cu_ti", **settings)), BINARY)


def test_one_ring_stands_for_the_racetrack() -> None:
    x, y = wafer_grid("cu_ti", 15)
    for tilt in (0.0, 30.0, 60.0):
        source = sources_of(tilt_deg=tilt)[0]
        one = sources.tilted_ring_flux_m2(x, y, 0.1, source.ring_radius_m, source.cathode)
        six = sources.cathode_flux_m2(x, y, 0.1, source.cathode)
        assert np.nanmax(np.abs(one / six - 1.0)) < 2e-3


def test_without_gas_the_map_is_the_closed_form_of_the_cathodes() -> None:
    x, y = wafer_grid("cu_ti", 9)
    running = [source._replace(depth_per_m=0.0) for source in sources_of()]
    cathodes = tuple(source.cathode for source in running)
    emitted = tuple(source.emitted_s for source in running)
    share = sources.cathode_share(0, x, y, 0.1, cathodes, emitted)
    flux = [cosputter.flux_m2_s(x, y, 0.1, source) for source in running]
    assert np.nanmax(np.abs(flux[0] / (flux[0] + flux[1]) - share)) < 1e-3


def test_a_facing_cathode_loses_to_the_gas_what_the_table_says_on_its_axis() -> None:
    from tansaki.twin.deposition.gas_path import arriving_fraction

    p, t = 1.0, 450.0
    chamber = cosputter.Chamber(p, t, 0.0, 0.1)
    source = cosputter.source_at(0.0, 100.0, 1.0, BINARY.copper, BINARY.argon, BINARY.magnetron, chamber)
    free = source._replace(depth_per_m=0.0)
    at = (source.cathode.x_m, source.cathode.y_m, 0.1)
    lost = cosputter.flux_m2_s(*at, source) / cosputter.flux_m2_s(*at, free)
    assert lost == pytest.approx(arriving_fraction(p, 0.1, t, BINARY.copper.path), rel=1e-9)


def test_atoms_emitted_are_ions_times_yield() -> None:
    # 120 W at 400 V is 0.3 A, of which 1/(1 + γ) are ions; 320 eV on copper.
    from tansaki.twin.deposition.sputter_yield import yamamura_yield

    ions = 0.3 / 1.1 / 1.602176634e-19
    expected = ions * yamamura_yield(320.0, BINARY.argon.atom, BINARY.copper.atom, BINARY.copper.sputtering)
    found = cosputter.emitted_per_s(120.0, 1.0, BINARY.copper, BINARY.argon, BINARY.magnetron)
    assert found == pytest.approx(expected, rel=1e-12)
    assert cosputter.emitted_per_s(120.0, 1.3, BINARY.copper, BINARY.argon, BINARY.magnetron) == pytest.approx(
        1.3 * found
    )


def test_equal_cathodes_make_a_symmetric_wafer() -> None:
    chamber = cosputter.chamber_at(400.0, 0.5, 30.0, 0.1, QUATERNARY.gas_heating)
    four = tuple(
        cosputter.source_at(
            0.5 * math.pi * k, 100.0, 1.0, QUATERNARY.nickel, QUATERNARY.argon, QUATERNARY.magnetron, chamber
        )
        for k in range(4)
    )
    x, y = np.meshgrid(np.linspace(-0.03, 0.03, 7), np.linspace(-0.03, 0.03, 7), indexing="ij")
    rate = cosputter.growth_rate_m_s(x, y, 0.1, four)
    assert rate == pytest.approx(np.rot90(rate), rel=1e-12)
    assert rate == pytest.approx(rate[::-1], rel=1e-12)
    assert cosputter.fraction_at(2, 0.0, 0.0, 0.1, four) == pytest.approx(0.25, rel=1e-12)
    east, west = (cosputter.fraction_at(0, place, 0.0, 0.1, four) for place in (0.03, -0.03))
    assert east > 0.25 > west


@pytest.mark.parametrize("system", ["cu_ti", "ni_pd_pt_ru"])
def test_outputs_are_those_of_the_map(system: str) -> None:
    module, parameters = open_system(system, {})
    outputs = module.evaluate(module.Inputs(**usual(system)), parameters)
    radius = parameters.wafer.radius_m
    centre = wafer_map(system, {}, [0.0], [0.0])
    assert outputs[0] == pytest.approx(centre.fractions[0, 0], rel=1e-12)
    assert outputs.growth_rate_m_s * outputs.deposition_time_s == pytest.approx(centre.thickness_m[0], rel=1e-12)
    # The mean over the wafer from a fine polar rule, against that of thirteen points.
    nodes, weights = np.polynomial.legendre.leggauss(12)
    r, w = 0.5 * radius * (nodes + 1.0), 0.5 * radius * weights
    angle = 2.0 * np.pi * np.arange(48) / 48
    fine = wafer_map(system, {}, np.outer(r, np.cos(angle)), np.outer(r, np.sin(angle)))
    mean = float(np.sum(w * r * fine.thickness_m.mean(axis=1)) * 2.0 / radius**2)
    assert outputs.thickness_m == pytest.approx(mean, rel=5e-3)
    assert (np.ptp(fine.thickness_m) / mean) == pytest.approx(outputs.thickness_nonuniformity, rel=0.15)


def test_maps_keep_their_atoms_and_agree_in_all_engines() -> None:
    x, y = wafer_grid("ni_pd_pt_ru", 9)
    assert np.isnan(x[0, 0])
    plain = wafer_map("ni_pd_pt_ru", {"power_ru_w": 50.0}, x, y)
    inside = ~np.isnan(x)
    assert plain.fractions.sum(axis=0)[inside] == pytest.approx(1.0, rel=1e-12)
    species = (QUATERNARY.nickel, QUATERNARY.palladium, QUATERNARY.platinum, QUATERNARY.ruthenium)
    volume = sum(dose / kind.solid.density_m3 for dose, kind in zip(plain.doses_m2, species, strict=True))
    assert plain.thickness_m[inside] == pytest.approx(volume[inside], rel=1e-12)
    for backend in ("numba", "jax"):
        other = wafer_map("ni_pd_pt_ru", {"power_ru_w": 50.0}, x, y, backend)  # type: ignore[arg-type]
        assert other.doses_m2[:, inside] == pytest.approx(plain.doses_m2[:, inside], rel=1e-12)


def test_maps_refuse_what_has_none() -> None:
    with pytest.raises(InvalidInputError, match="co-sputtered system"):
        wafer_map("nb_tio2", {}, [0.0], [0.0])
    with pytest.raises(InvalidInputError, match="one shape"):
        wafer_map("cu_ti", {}, [0.0], [0.0, 1.0])
    with pytest.raises(InvalidInputError, match="tilt_deg: got 90"):
        wafer_map("cu_ti", {"tilt_deg": 90.0}, [0.0], [0.0])
    with pytest.raises(InvalidInputError, match="did you mean 'tilt_deg'"):
        wafer_map("cu_ti", {"tilt": 30.0}, [0.0], [0.0])


def test_more_power_on_a_target_means_more_of_it() -> None:
    fractions = [binary(power_cu_w=power).copper_fraction for power in (20.0, 40.0, 80.0, 160.0)]
    assert fractions == sorted(fractions)
    twice = quaternary(power_pt_w=70.0)
    assert twice.platinum_fraction > quaternary().platinum_fraction
    assert sum(twice[:4]) == pytest.approx(1.0, rel=1e-12)


def test_tilt_trades_coverage_for_evenness() -> None:
    # The trade-off of combinatorial co-sputtering (reference, section 9): what spreads compositions spreads thickness.
    upright, tilted = quaternary(tilt_deg=5.0), quaternary(tilt_deg=40.0)
    assert upright.coverage > 1.5 * tilted.coverage
    assert upright.composition_span > tilted.composition_span
    near, far = quaternary(throw_distance_m=0.08), quaternary(throw_distance_m=0.13)
    assert near.coverage > far.coverage
    assert near.growth_rate_m_s > far.growth_rate_m_s
    even, uneven = binary(tilt_deg=45.0), binary(tilt_deg=0.0)
    assert even.thickness_nonuniformity < uneven.thickness_nonuniformity


def test_coverage_is_the_area_of_the_compositions() -> None:
    # Two corners of the simplex and their middle: four sources of which two are dark cover no area at all.
    dark = quaternary(power_pt_w=0.001, power_ru_w=0.001)
    assert dark.coverage < 1e-3 * quaternary().coverage
    assert dark.composition_span > 0.2


def test_usable_coverage_peaks_near_the_wanted_thickness_and_composition() -> None:
    durations = np.geomspace(60.0, 1200.0, 15)
    usable = [quaternary(duration_s=float(d)).usable_coverage for d in durations]
    best = int(np.argmax(usable))
    assert 0 < best < 14
    assert quaternary(duration_s=float(durations[best])).thickness_m == pytest.approx(1e-7, rel=0.25)
    assert quaternary(power_ru_w=200.0, duration_s=100.0).usable_coverage < usable[best]


def test_slow_growth_takes_up_oxygen_and_conducts_worse() -> None:
    slow = binary(power_cu_w=10.0, power_ti_w=32.5, duration_s=1200.0)
    fast = binary(power_cu_w=40.0, power_ti_w=130.0)
    assert slow.copper_fraction == pytest.approx(fast.copper_fraction, abs=0.03)
    assert slow.oxygen_fraction > 3.0 * fast.oxygen_fraction
    assert slow.resistivity_ohm_m > fast.resistivity_ohm_m
    # Hertz-Knudsen at 5e-5 Pa of water, 300 K: 1.79e18 molecules/(m² s).
    residual = BINARY.residual_gas
    every = cu_ti.oxygen_flux_m2_s(0.3, residual, cu_ti.Gettering(1.0, 1.0))
    assert every == pytest.approx(1.79e18 * residual.pressure_pa / 5e-5, rel=5e-3)


def test_the_wanted_film_has_an_optimum_between_evenness_and_cleanness() -> None:
    # Dose kept at the wanted one: far away is even but slow, and the oxygen grows with the time it takes.
    def deviation(throw_m: float) -> float:
        s = {"throw_distance_m": throw_m, "power_ti_w": 40.0, "power_cu_w": 15.0, "tilt_deg": 50.0}
        duration = 300.0 * 1e-7 / binary(**s).thickness_m
        return float(binary(**s, duration_s=duration).film_deviation)

    found = [deviation(h) for h in (0.08, 0.09, 0.1, 0.11, 0.12, 0.13)]
    assert 0 < int(np.argmin(found)) < 5


def test_nordheim_has_its_ends_and_its_middle() -> None:
    c = CONDUCTION
    assert cu_ti.bulk_resistivity_ohm_m(1.0, c) == c.copper_ohm_m
    assert cu_ti.bulk_resistivity_ohm_m(0.0, c) == c.titanium_ohm_m
    middle = 0.5 * (c.copper_ohm_m + c.titanium_ohm_m) + 0.25 * c.disorder_ohm_m
    assert cu_ti.bulk_resistivity_ohm_m(0.5, c) == pytest.approx(middle)


def test_paths_are_those_of_copper_and_of_the_compound() -> None:
    # 39 nm in copper (remembered); ρλ = 24.7e-16 ohm m² of CuTi, J. Appl. Phys. 133, 045102 (2023).
    assert cu_ti.mean_free_path_m(1.0, CONDUCTION) == pytest.approx(39e-9, rel=0.02)
    product = cu_ti.mean_free_path_m(0.5, CONDUCTION) * cu_ti.bulk_resistivity_ohm_m(0.5, CONDUCTION)
    assert product == pytest.approx(24.7e-16, rel=1e-12)


def test_size_effects_are_those_of_copper_not_of_the_alloy() -> None:
    def ratio(copper: float, thickness_m: float) -> Any:
        grain = cu_ti.grain_size_m(thickness_m, CONDUCTION)
        film = cu_ti.film_resistivity_ohm_m(copper, 0.0, thickness_m, grain, CONDUCTION)
        return film / cu_ti.bulk_resistivity_ohm_m(copper, CONDUCTION)

    assert ratio(1.0, 2e-8) > ratio(1.0, 2e-7) > 1.1
    assert 1.0 < ratio(0.5, 2e-8) < 1.15


def test_each_cathode_draws_its_own_yield() -> None:
    chamber = load("instruments", "cosputter_four")
    drawn = [drawn_chamber(chamber, world).section("yields") for world in range(200)]
    factors = np.log([[quantity.value for quantity in section.values()] for section in drawn])
    assert factors.shape == (200, 4)
    assert factors.std(axis=0) == pytest.approx(0.3, rel=0.2)
    assert np.abs(np.corrcoef(factors.T)[np.triu_indices(4, 1)]).max() < 0.25
    assert drawn_chamber(chamber, 7).section("magnetron") == chamber.section("magnetron")


def test_the_wanted_quaternary_adds_up() -> None:
    assert sum(QUATERNARY.wanted[:4]) == pytest.approx(1.0)
