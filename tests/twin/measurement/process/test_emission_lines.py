"""Light of the plasma in closed form: engines, slopes, and where actinometry ends."""

import numpy as np
import pytest

from tansaki.twin.backends import bind
from tansaki.twin.measurement.process import emission_lines
from tansaki.twin.measurement.process.emission_lines import Line, Plasma
from tansaki.twin.quantities import load

FILE = load("instruments", "emission_spectrometer")
PLASMA = FILE.parameters("plasma", Plasma)
O777, O844 = (FILE.parameters(f"line_{name}", Line) for name in ("o_777", "o_844"))
AR750 = FILE.parameters("line_ar_750", Line)


def light(oxygen_pa, coverage, current_a, deviation, physics=emission_lines):
    """Photons in O I 844 nm over Ar I 750 nm at 1 Pa argon, through every function of the module."""
    temperature = physics.electron_temperature_ev(1.0 + oxygen_pa, deviation, PLASMA)
    electrons = physics.electron_density_m3(current_a, PLASMA)
    density = 1e20
    molecules = density * oxygen_pa
    atoms = physics.oxygen_atoms_m3(molecules, electrons, temperature, coverage, PLASMA)
    oxygen = physics.photons_m3_s(atoms, molecules, electrons, temperature, O844)
    return oxygen / physics.photons_m3_s(density, 0.0, electrons, temperature, AR750)


def test_engines_agree() -> None:
    import jax

    rng = np.random.default_rng(0)
    rows = (
        10 ** rng.uniform(-4, 0, 200),
        rng.uniform(0, 1, 200),
        rng.uniform(0.05, 1, 200),
        0.1 * rng.normal(size=200),
    )
    expected = light(*rows)
    compiled = bind(emission_lines, "numba")
    in_numba = [light(*map(float, row), compiled) for row in zip(*rows, strict=True)]
    np.testing.assert_allclose(in_numba, expected, rtol=1e-12)
    with jax.enable_x64(True):
        traced = jax.vmap(lambda *row: light(*row, bind(emission_lines, "jax")))(*rows)
        np.testing.assert_allclose(traced, expected, rtol=1e-12)
    metal = rng.uniform(1e16, 1e18, 200)
    np.testing.assert_allclose(
        [compiled.metal_atoms_m3(float(m), 2e-3, PLASMA) for m in metal],
        emission_lines.metal_atoms_m3(metal, 2e-3, PLASMA),
        rtol=1e-12,
    )


def test_slopes_match_finite_differences() -> None:
    import jax

    point = (0.01, 0.8, 0.3, 0.05)
    with jax.enable_x64(True):
        slopes = jax.grad(lambda row: light(*row, bind(emission_lines, "jax")))(np.array(point))
    for k, slope in enumerate(slopes):
        step = 1e-5 * point[k]
        ends = [light(*(x + sign * step * (i == k) for i, x in enumerate(point))) for sign in (1.0, -1.0)]
        assert float(slope) == pytest.approx((ends[0] - ends[1]) / (2.0 * step), rel=1e-4)


def test_direct_light_is_in_proportion_to_atoms_and_electrons() -> None:
    one = emission_lines.photons_m3_s(1e17, 0.0, 1e16, 3.0, O844)
    assert emission_lines.photons_m3_s(3e17, 0.0, 1e16, 3.0, O844) == pytest.approx(3.0 * one, rel=1e-14)
    assert emission_lines.photons_m3_s(1e17, 0.0, 2e16, 3.0, O844) == pytest.approx(2.0 * one, rel=1e-14)
    # I = n_e n k0 exp(-E/Te)
    assert one == pytest.approx(1e33 * O844.rate_m3_s * np.exp(-O844.threshold_ev / 3.0), rel=1e-14)


def test_atoms_balance_their_loss_on_the_walls() -> None:
    metallic, poisoned = (float(emission_lines.oxygen_atoms_m3(1e18, 3e16, 3.0, c, PLASMA)) for c in (0.0, 1.0))
    assert poisoned / metallic == pytest.approx(PLASMA.metal_sticking / PLASMA.oxide_sticking, rel=1e-12)


def test_actinometry_breaks_where_walls_take_the_atoms() -> None:
    def share(coverage: float, line: Line) -> float:
        atoms = emission_lines.oxygen_atoms_m3(1e18, 3e16, 3.0, coverage, PLASMA)
        whole = emission_lines.photons_m3_s(atoms, 1e18, 3e16, 3.0, line)
        return float(1.0 - emission_lines.photons_m3_s(atoms, 0.0, 3e16, 3.0, line) / whole)

    assert share(1.0, O844) < 0.05
    assert share(0.1, O844) > 0.25
    for coverage in (0.1, 0.5, 1.0):
        assert share(coverage, O777) > share(coverage, O844)
