"""Cells, atoms and reflections: closed forms, counting, the files, and pymatgen beside them."""

import dataclasses
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.x_ray.compound import element
from tansaki.twin.measurement.x_ray.crystal import (
    Crystal,
    available_crystals,
    axis_cosines_squared,
    crystal_from,
    label,
    open_crystal,
    reflections,
    structure_factors,
)
from tansaki.twin.measurement.x_ray.scattering_factors import form_factor
from tansaki.twin.substrates.substrate import open_substrate

CELLS = {
    "anatase": {"Ti": 4, "O": 8},
    "rutile": {"Ti": 2, "O": 4},
    "tin": {"Ti": 4, "N": 4},
    "in2o3": {"In": 32, "O": 48},
    "zno": {"Zn": 2, "O": 2},
    "licoo2": {"Li": 3, "Co": 3, "O": 6},
    "co3o4": {"Co": 24, "O": 32},
    "silicon": {"Si": 8},
    "strontium_titanate": {"Sr": 1, "Ti": 1, "O": 3},
    "lanthanum_aluminate": {"La": 1, "Al": 1, "O": 3},
    "alumina": {"Al": 12, "O": 18},
}
DENSITIES = {"anatase": 3890.0, "rutile": 4250.0, "tin": 5400.0, "in2o3": 7180.0, "zno": 5680.0, "silicon": 2329.0}
"""kg/m³, handbook."""
FCC = ["-x,-y,z", "-y,x,z", "z,x,y", "-x,-y,-z", "x,y+1/2,z+1/2", "x+1/2,y,z+1/2"]


def document(**changes: Any) -> dict[str, Any]:
    """A made-up phase: one titanium on a primitive cubic lattice of 0.4 nm."""
    number = {"unit": "m", "sigma": 0.0, "source": "made up", "kind": "assumed"}
    site = {
        "element": "Ti",
        "position": [0.0, 0.0, 0.0],
        "occupancy": 1.0,
        "source": "made up",
        "kind": "assumed",
        "b_m2": {**number, "value": 0.0, "unit": "m2"},
    }
    made = {
        "title": "Made up",
        "lattice": "cubic",
        "generators": ["-x,-y,z", "-y,x,z", "z,x,y", "-x,-y,-z"],
        "compared": [[1, 0, 0], [1, 1, 0]],
        "cell": {"a_m": {**number, "value": 4e-10}},
        "sites": [site],
    }
    return {**made, **changes}


def test_every_file_holds_the_formula_units_of_its_cell() -> None:
    assert set(available_crystals()) >= set(CELLS)
    for name, counts in CELLS.items():
        assert Counter(open_crystal(name).atoms.elements) == counts
    for name, density in DENSITIES.items():
        assert open_crystal(name).density_kg_m3 == pytest.approx(density, rel=0.01)


def test_every_crystalline_plate_has_its_crystal() -> None:
    for name in ("silicon", "strontium_titanate", "lanthanum_aluminate", "alumina"):
        plate = open_substrate(name)
        assert plate.crystal == name
        assert set(open_crystal(name).atoms.elements) == set(plate.composition)


def test_a_new_phase_is_data_alone() -> None:
    """One atom a cell: every plane reflects with the f of the atom; the usual multiplicities of the cube."""
    crystal = crystal_from("made_up", document())
    table = reflections(crystal, 1e-10)
    by_name = dict(zip((label(hkl) for hkl in table.hkl), table.multiplicity, strict=True))
    expected = {"100": 6, "110": 12, "111": 8, "200": 6, "210": 24, "211": 24, "220": 12, "321": 48}
    assert {name: by_name[name] for name in expected} == expected
    x_ray = element("Ti").x_ray
    f = form_factor(0.5 / table.spacing_m, x_ray) + x_ray.f_prime + 1j * x_ray.f_double_prime
    np.testing.assert_allclose(table.structure_factor_squared, np.abs(f) ** 2, rtol=1e-12)
    np.testing.assert_allclose(table.spacing_m, 4e-10 / np.linalg.norm(table.hkl, axis=1), rtol=1e-12)


def test_displacement_and_occupancy_weaken_as_they_should() -> None:
    site = document()["sites"][0]
    b_m2 = 2e-20
    shaken = crystal_from("b", document(sites=[{**site, "occupancy": 0.5, "b_m2": {**site["b_m2"], "value": b_m2}}]))
    still, weak = (reflections(one, 1e-10) for one in (crystal_from("a", document()), shaken))
    s = 0.5 / still.spacing_m
    ratio = weak.structure_factor_squared / still.structure_factor_squared
    np.testing.assert_allclose(ratio, 0.25 * np.exp(-2.0 * b_m2 * s * s), rtol=1e-12)


def test_extinctions_of_the_face_centred_and_the_diamond_lattice() -> None:
    for hkl in reflections(open_crystal("tin"), 0.8e-10).hkl:
        assert len(set(hkl % 2)) == 1
    for hkl in reflections(open_crystal("silicon"), 0.8e-10).hkl:
        assert len(set(hkl % 2)) == 1
        assert sum(hkl) % 2 == 1 or sum(hkl) % 4 == 0


def test_rock_salt_adds_and_subtracts() -> None:
    crystal = open_crystal("tin")
    still = dataclasses.replace(crystal, atoms=crystal.atoms._replace(b_m2=np.zeros(8)))
    hkl = np.array([[1, 1, 1], [2, 0, 0]])
    spacing = crystal.edges_m["a_m"] / np.sqrt([3.0, 4.0])
    found = np.abs(structure_factors(still, hkl, spacing))
    f = {
        symbol: form_factor(0.5 / spacing, element(symbol).x_ray)
        + element(symbol).x_ray.f_prime
        + 1j * element(symbol).x_ray.f_double_prime
        for symbol in ("Ti", "N")
    }
    expected = [4.0 * abs(f["Ti"][0] - f["N"][0]), 4.0 * abs(f["Ti"][1] + f["N"][1])]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("name", CELLS)
def test_families_share_spacing_and_strength(name: str) -> None:
    crystal = open_crystal(name)
    table = reflections(crystal, 1.2e-10)
    assert int(table.multiplicity.sum()) == len(table.members)
    family = np.repeat(np.arange(len(table.hkl)), table.multiplicity)
    inverse_square = np.einsum("ni,ij,nj->n", table.members, crystal.reciprocal_metric, table.members)
    np.testing.assert_allclose(inverse_square**-0.5, table.spacing_m[family], rtol=1e-9)
    strength = np.abs(structure_factors(crystal, table.members, table.spacing_m[family])) ** 2
    # Without a centre of symmetry ±hkl differ by what absorption does.
    np.testing.assert_allclose(strength, table.structure_factor_squared[family], rtol=0.03)


def test_angles_between_planes() -> None:
    cubic = crystal_from("made_up", document())
    table = reflections(cubic, 1.5e-10)
    cosines = axis_cosines_squared(cubic, 1.5e-10, (1, 0, 0))
    members = {tuple(int(i) for i in hkl): float(c) for hkl, c in zip(table.members, cosines, strict=True)}
    assert members[(1, 1, 0)] == pytest.approx(0.5)
    assert members[(1, 1, 1)] == pytest.approx(1.0 / 3.0)
    assert members[(0, 0, -1)] == pytest.approx(0.0, abs=1e-15)
    hexagonal = open_crystal("licoo2")
    a, _, c = hexagonal.cell_m
    table = reflections(hexagonal, 1.5e-10)
    cosines = axis_cosines_squared(hexagonal, 1.5e-10, (0, 0, 1))
    index = next(i for i, hkl in enumerate(table.members) if tuple(hkl) == (1, 0, 4))
    assert cosines[index] == pytest.approx((4.0 / c) ** 2 / (4.0 / 3.0 / a**2 + (4.0 / c) ** 2))


def test_labels() -> None:
    assert label((1, 0, 4)) == "104"
    assert label((0, 0, 12)) == "0_0_12"
    assert label((1, -1, 2)) == "1_-1_2"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"lattice": "round"}, "lattice"),
        ({"cell": {}}, "cell"),
        ({"generators": ["__import__('os')"]}, "generators"),
        ({"generators": ["x,y"]}, "generators"),
        ({"generators": ["x+1/97,y,z", "-y,x,z", "z,x,y"]}, "at most"),
        ({"sites": [{"element": "Ti"}]}, "sites"),
    ],
)
def test_a_file_that_is_wrong_is_refused(change: dict[str, Any], match: str) -> None:
    with pytest.raises(InvalidInputError, match=match):
        crystal_from("made_up", document(**change))
    with pytest.raises(InvalidInputError, match="title"):
        crystal_from("made_up", {name: part for name, part in document().items() if name != "title"})
    with pytest.raises(InvalidInputError, match="anatase"):
        open_crystal("anatas")


@pytest.mark.parametrize("name", ["anatase", "rutile", "tin", "in2o3", "zno", "licoo2", "silicon", "alumina"])
def test_positions_and_intensities_beside_pymatgen(name: str) -> None:
    """Same cell and atoms, without displacements; ours has anomalous scattering, which is worth some per cent."""
    xrd = pytest.importorskip("pymatgen.analysis.diffraction.xrd")
    core = pytest.importorskip("pymatgen.core")
    wavelength = 1.5405929
    crystal = open_crystal(name)
    a, b, c = (1e10 * edge for edge in crystal.cell_m)
    lattice = core.Lattice.from_parameters(a, b, c, 90, 90, 120 if crystal.lattice == "hexagonal" else 90)
    structure = core.Structure(lattice, list(crystal.atoms.elements), crystal.atoms.positions)
    theirs = xrd.XRDCalculator(wavelength=wavelength).get_pattern(structure, two_theta_range=(10, 90))
    angles, strengths = merged(crystal, wavelength)
    for two_theta, intensity in zip(theirs.x, theirs.y, strict=True):
        near = np.abs(angles - two_theta) < 0.003
        assert near.any()
        assert strengths[near].sum() == pytest.approx(intensity, abs=3.5)


def merged(crystal: Crystal, wavelength: float) -> tuple[np.ndarray, np.ndarray]:
    """2θ in degrees and powder intensities, the strongest line 100."""
    still = dataclasses.replace(crystal, atoms=crystal.atoms._replace(b_m2=np.zeros_like(crystal.atoms.b_m2)))
    table = reflections(still, 1e-10 * wavelength / 2.0 / math.sin(math.radians(45.0)))
    theta = np.arcsin(0.5e-10 * wavelength / table.spacing_m)
    power = (1.0 + np.cos(2.0 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta))
    strength = table.multiplicity * table.structure_factor_squared * power
    angles = np.degrees(2.0 * theta)
    together = np.array([strength[np.abs(angles - angle) < 0.003].sum() for angle in angles])
    return angles, 100.0 * strength / together.max()
