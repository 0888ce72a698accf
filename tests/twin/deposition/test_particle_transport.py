"""Atoms through gas: exact limits, conservation, streams of random numbers, and first passage against full tracking."""

import math
from dataclasses import dataclass

import numba
import numpy as np
import pytest

from tansaki.twin.deposition import atom_flight, sources
from tansaki.twin.deposition import particle_transport as transport
from tansaki.twin.deposition.particle_transport import Arrivals, Room
from tansaki.twin.errors import InvalidInputError

BOLTZMANN_EV_K = 8.617333262e-5
RACETRACK = sources.facing_cathode(0.02, 0.03)
ROOM = Room(0.1, 0.25)
VHS = transport.scattering_of()
SCREENED = transport.scattering_of(screened=True)


def titanium(pressure_pa: float, atoms: int, seed: int = 1, diffusion: bool = True) -> Arrivals:
    gas = transport.argon(pressure_pa, 400.0)
    return transport.trace(
        transport.atom_of("ti"), RACETRACK, ROOM, gas, VHS, atoms=atoms, seed=seed, diffusion=diffusion
    )


def test_without_gas_the_profile_is_the_closed_form() -> None:
    arrivals = titanium(1e-7, 400_000)
    edges = np.linspace(0.0, 0.1, 11)
    flux, error = transport.radial_flux_m2(arrivals, edges)
    inside = np.sqrt(np.linspace(edges[:-1] ** 2, edges[1:] ** 2, 101))
    expected = sources.annulus_flux_m2(inside, 0.1, 0.02, 0.03).mean(axis=0)
    assert np.all(np.abs(flux - expected) < 4.0 * error)
    assert np.sum(((flux - expected) / error) ** 2) < 25.2  # 99.5 % of chi-square with ten degrees
    # Thompson with cut-off, 400 eV: 19.5 eV in the physics reference.
    assert arrivals.energy_ev.mean() == pytest.approx(19.5, rel=0.01)
    # Towards a plane right above it a cosine source sends ⟨cos⟩ = 2/3; at a distance only the upright part.
    assert arrivals.cosine.mean() > 2.0 / 3.0


def test_a_tilted_cathode_without_gas_is_the_closed_form() -> None:
    cathode = sources.tilted_cathode(0.7, 0.06, 0.02, 0.5, 0.01, 0.02)
    gas = transport.argon(1e-7, 400.0)
    arrivals = transport.trace(transport.atom_of("cu"), cathode, ROOM, gas, VHS, atoms=300_000, seed=2)
    found = transport.thickness_map_m2(arrivals, 0.05, 5)
    middle = np.linspace(-0.05, 0.05, 501)[:-1] + 1e-4
    x, y = np.meshgrid(middle, middle, indexing="ij")
    flux = sources.cathode_flux_m2(x, y, 0.1, cathode).reshape(5, 100, 5, 100).mean(axis=(1, 3))
    error = np.sqrt(flux / (300_000 * 0.02**2))
    assert np.sum(((found - flux) / error) ** 2) < 46.9  # 99.5 % of chi-square with 25 degrees


def test_every_atom_ends_somewhere() -> None:
    for pressure in (0.5, 5.0):
        arrivals = titanium(pressure, 20_000)
        assert arrivals.x_m.size + arrivals.on_target + arrivals.on_wall == arrivals.emitted == 20_000
        assert np.all(np.hypot(arrivals.x_m, arrivals.y_m) < ROOM.wall_radius_m)
        assert np.all((arrivals.cosine > 0.0) & (arrivals.cosine <= 1.0))
        assert np.all(arrivals.energy_ev > 0.0)


@pytest.mark.parametrize("symbol", ["li", "ti", "pt"])
def test_energy_kept_in_one_collision_with_gas_at_rest(symbol: str) -> None:
    """⟨E'/E⟩ = 1 − 2mM/(m + M)² for isotropic scattering, and its powers after more of them."""
    atom, gas = transport.atom_of(symbol), transport.argon(1.0, 1e-6)
    energies, _ = transport.relaxation(atom, gas, VHS, energy_ev=10.0, collisions=3, atoms=40_000, seed=3)
    kept = 1.0 - 2.0 * atom.mass_u * gas.mass_u / (atom.mass_u + gas.mass_u) ** 2
    # E'/E is uniform between 1 − 4mM/(m + M)² and 1.
    error = 2.0 * (1.0 - kept) / math.sqrt(12.0 * 40_000)
    assert abs(energies[0] / 10.0 - kept) < 3.0 * error
    assert energies[2] / 10.0 == pytest.approx(kept**3, rel=0.02)


@pytest.mark.parametrize(("symbol", "law"), [("li", VHS), ("ti", VHS), ("pt", VHS), ("ti", SCREENED)])
def test_in_the_long_run_an_atom_has_the_temperature_of_the_gas(symbol: str, law: transport.Scattering) -> None:
    number = 400 if law is VHS else 60
    _, energy = transport.relaxation(
        transport.atom_of(symbol),
        transport.argon(1.0, 500.0),
        law,
        energy_ev=1.0,
        collisions=2000,
        atoms=number,
        seed=4,
    )
    assert energy == pytest.approx(1.5 * BOLTZMANN_EV_K * 500.0, rel=0.01 if law is VHS else 0.04)


@pytest.mark.parametrize(("energy", "impact"), [(1e-5, 8.0), (1e-3, 2.0), (0.1, 0.3), (1.0, 0.3), (10.0, 0.05)])
def test_deflection_is_the_classical_integral(energy: float, impact: float) -> None:
    from scipy.integrate import quad
    from scipy.optimize import brentq

    def remaining(r: float) -> float:
        return 1.0 - atom_flight._screening(r) / (r * energy) - impact * impact / (r * r)

    nearest = brentq(remaining, impact, impact + 60.0, xtol=1e-14)

    def integrand(t: float) -> float:
        return math.cos(t) / math.sqrt(max(remaining(nearest / math.sin(t)), 1e-300))

    total, _ = quad(integrand, 1e-12, 0.5 * math.pi - 1e-7, limit=200)
    expected = math.cos(math.pi - 2.0 * impact / nearest * total)
    assert atom_flight.deflection_cosine(energy, impact) == pytest.approx(expected, abs=3e-4)


def test_hard_encounters_turn_back_and_far_ones_do_not() -> None:
    assert atom_flight.deflection_cosine(0.01, 1e-6) == pytest.approx(-1.0, abs=1e-6)
    assert atom_flight.deflection_cosine(1.0, 40.0) == pytest.approx(1.0, abs=1e-6)
    # Rutherford at high energy and small distance: tan(θ/2) = 1/(2εb).
    cosine = atom_flight.deflection_cosine(1e4, 1e-4)
    assert math.tan(0.5 * math.acos(cosine)) == pytest.approx(0.5, rel=0.01)


def test_the_answer_is_that_of_the_seed_not_of_the_threads() -> None:
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = titanium(1.0, 5000, seed=9)
    finally:
        numba.set_num_threads(threads)
    together = titanium(1.0, 5000, seed=9)
    for one, many in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, many)
    assert not np.array_equal(titanium(1.0, 5000, seed=10).x_m[:50], alone.x_m[:50])
    # A longer run begins with the same atoms.
    more = titanium(1.0, 6 * atom_flight.BLOCK, seed=9)
    np.testing.assert_array_equal(more.x_m[:1000], alone.x_m[:1000])


def test_streams_are_uniform_and_unrelated() -> None:
    draws = np.array([[atom_flight._uniform(s) for _ in range(4000)] for s in map(_stream, range(6))])
    counts = np.array([np.histogram(row, bins=20, range=(0.0, 1.0))[0] for row in draws])
    assert np.all(((counts - 200.0) ** 2 / 200.0).sum(axis=1) < 45.0)
    correlation = np.corrcoef(np.vstack([draws, draws[:1, ::-1]]))
    assert np.abs(correlation - np.eye(7)).max() < 4.5 / math.sqrt(4000)


def _stream(block: int) -> np.ndarray:
    return atom_flight._stream(np.uint64(5), block)


@dataclass(frozen=True)
class Ends:
    """Shares of the emitted atoms by where they end, and the thermal arrivals."""

    shares: np.ndarray
    errors: np.ndarray
    thermal_ev: float
    cosine: float


def ends(arrivals: Arrivals) -> Ends:
    radius = np.hypot(arrivals.x_m, arrivals.y_m)
    places = [radius < 0.02, radius < 0.05, (radius > 0.05) & (radius < 0.1), radius >= 0.0]
    counts = [*(int(place.sum()) for place in places), arrivals.on_target]
    shares = np.array(counts) / arrivals.emitted
    thermal = arrivals.energy_ev < 0.4
    errors = np.sqrt(shares * (1.0 - shares) / arrivals.emitted)
    return Ends(shares, errors, float(arrivals.energy_ev[thermal].mean()), float(arrivals.cosine[thermal].mean()))


def test_first_passage_is_full_tracking_in_thick_gas() -> None:
    full, quick = (ends(titanium(4.0, 25_000, seed=11, diffusion=on)) for on in (False, True))
    assert np.all(np.abs(quick.shares - full.shares) < 4.0 * np.hypot(quick.errors, full.errors))
    assert quick.thermal_ev == pytest.approx(full.thermal_ev, rel=0.06)
    assert quick.cosine == pytest.approx(full.cosine, rel=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(("symbol", "pressure"), [("ti", 3.0), ("ti", 5.0), ("li", 4.0), ("nb", 5.0), ("pt", 5.0)])
def test_first_passage_is_full_tracking_to_a_few_per_cent(symbol: str, pressure: float) -> None:
    full, quick = (
        ends(
            transport.trace(
                transport.atom_of(symbol), RACETRACK, ROOM, transport.argon(pressure, 400.0), VHS,
                atoms=400_000, seed=12, diffusion=on,
            )
        )
        for on in (False, True)
    )  # fmt: skip
    allowed = 3.0 * np.hypot(quick.errors, full.errors) + 0.015 * full.shares
    assert np.all(np.abs(quick.shares - full.shares) < allowed)
    assert quick.thermal_ev == pytest.approx(full.thermal_ev, rel=0.03)


def test_a_first_passage_costs_little() -> None:
    """Work, not time: collisions counted one by one in thick gas, with and without first passages."""
    full, quick = (titanium(5.0, 4000, diffusion=on) for on in (False, True))
    assert full.collisions_per_atom > 8.0 * quick.collisions_per_atom


def test_maps_of_several_cathodes_add_up() -> None:
    cathodes = [sources.tilted_cathode(angle, 0.06, 0.02, 0.5, 0.01, 0.02) for angle in (0.0, math.pi)]
    maps = []
    for k, (symbol, cathode) in enumerate(zip(("cu", "ti"), cathodes, strict=True)):
        gas = transport.argon(0.5, 400.0)
        arrivals = transport.trace(transport.atom_of(symbol), cathode, ROOM, gas, VHS, atoms=60_000, seed=20 + k)
        maps.append(transport.thickness_map_m2(arrivals, 0.04, 4))
    shares = transport.composition_maps(maps, [1.0, 2.0])
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    assert shares[0, 3].mean() > shares[0, 0].mean() + 0.05
    assert np.isnan(transport.composition_maps([np.zeros((2, 2))], [1.0])).all()


def test_spectra_are_densities() -> None:
    arrivals = titanium(0.5, 20_000)
    edges = np.linspace(0.0, 1.0, 21)
    assert np.sum(transport.spectrum(arrivals.cosine, edges)) * 0.05 == pytest.approx(1.0)


def test_heavier_laws_scatter_more_the_slower_the_atom() -> None:
    """The two laws agree on the order of the rate: between half and twice the loss."""
    gas = transport.argon(0.5, 400.0)
    hard, soft = (
        transport.trace(transport.atom_of("ti"), RACETRACK, ROOM, gas, law, atoms=20_000, seed=5)
        for law in (VHS, SCREENED)
    )
    assert hard.x_m.size == pytest.approx(soft.x_m.size, rel=0.25)
    assert hard.energy_ev.mean() == pytest.approx(soft.energy_ev.mean(), rel=0.35)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"atoms": 0}, "1 or more"),
        ({"seed": -1}, "seed"),
        ({"room": Room(-0.1, 0.25)}, "distance_m"),
        ({"gas": transport.argon(float("nan"), 400.0)}, "pressure_pa"),
        ({"ion_energy_ev": 3.0}, "no atom leaves"),
        ({"scattering": VHS._replace(viscosity_exponent=1.4)}, "viscosity_exponent"),
        ({"cathode": RACETRACK._replace(normal_x=0.5)}, "length 1"),
        ({"cathode": RACETRACK._replace(inner_radius_m=0.04)}, "inner < outer"),
        ({"cathode": RACETRACK._replace(x_m=0.3)}, "within the wall"),
        ({"cathode": RACETRACK._replace(z_m=0.2)}, "height of the cathode"),
    ],
)
def test_what_has_no_meaning_is_refused(change: dict, words: str) -> None:
    given = {
        "atom": transport.atom_of("ti"),
        "cathode": RACETRACK,
        "room": ROOM,
        "gas": transport.argon(1.0, 400.0),
        "scattering": VHS,
        "atoms": 10,
        "seed": 1,
    } | change
    with pytest.raises(InvalidInputError, match=words):
        transport.trace(**given)
