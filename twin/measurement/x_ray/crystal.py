"""Crystal structures: cell, atoms, and the reflections that follow from them.

A phase is a file in twin/crystals: the lattice and its cell, generators of the space group in the notation of the
International Tables ("-x+1/2,y,-z"), and one atom of each site. Everything else is made from these.
"""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.measurement.x_ray.compound import element
from tansaki.twin.measurement.x_ray.scattering_factors import ATOMIC_MASS_KG, form_factor
from tansaki.twin.quantities import quantity_from

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LATTICES: Final[Mapping[str, tuple[str, ...]]] = {
    "cubic": ("a_m",),
    "tetragonal": ("a_m", "c_m"),
    "hexagonal": ("a_m", "c_m"),
    "orthorhombic": ("a_m", "b_m", "c_m"),
}
"""Edges that are free in each lattice; rhombohedral phases are given in hexagonal axes."""
_TERM: Final = re.compile(r"([+-]?)(?:(\d+)/(\d+)|(\d+)|([xyz]))")
_LARGEST_GROUP: Final = 192


class Atoms(NamedTuple):
    """All atoms of one cell, row by row."""

    elements: tuple[str, ...]
    positions: Floats
    """Fractions of the edges, (n, 3)."""
    occupancy: Floats
    b_m2: Floats
    """Isotropic displacement parameters B = 8π²⟨u²⟩."""


@dataclass(frozen=True, slots=True, eq=False)
class Crystal:
    """One phase."""

    name: str
    title: str
    lattice: str
    edges_m: Mapping[str, float]
    """The free edges by name."""
    atoms: Atoms
    rotations: Integers
    """Of the Laue group, (n, 3, 3), as they act on rows hkl from the right."""
    compared: tuple[tuple[int, int, int], tuple[int, int, int]]
    """Two reflections whose ratio is usually quoted for the orientation of films."""

    @property
    def cell_m(self) -> tuple[float, float, float]:
        """a, b, c."""
        a = self.edges_m["a_m"]
        return a, self.edges_m.get("b_m", a), self.edges_m.get("c_m", a)

    @property
    def volume_m3(self) -> float:
        """Of the cell."""
        a, b, c = self.cell_m
        return a * b * c * (math.sqrt(0.75) if self.lattice == "hexagonal" else 1.0)

    @property
    def density_kg_m3(self) -> float:
        """Mass of the atoms of a cell over its volume."""
        masses = [element(symbol).mass_u for symbol in self.atoms.elements]
        return ATOMIC_MASS_KG * float(np.dot(self.atoms.occupancy, masses)) / self.volume_m3

    @property
    def reciprocal_metric(self) -> Floats:
        """G* with 1/d² = hᵀ G* h, (3, 3) in 1/m²."""
        a, b, c = self.cell_m
        if self.lattice == "hexagonal":
            return np.array([[4 / 3, 2 / 3, 0.0], [2 / 3, 4 / 3, 0.0], [0.0, 0.0, (a / c) ** 2]]) / a**2
        return np.diag([a**-2, b**-2, c**-2])


class Reflections(NamedTuple):
    """Families of lattice planes, by falling spacing; members are all ±hkl of a family, one after another."""

    hkl: Integers
    """One member of each family, (n, 3)."""
    spacing_m: Floats
    multiplicity: Integers
    structure_factor_squared: Floats
    """|F|² of a cell, electrons²."""
    members: Integers
    """(Σ multiplicity, 3)."""
    first_member: Integers
    """Where each family starts in `members`."""


def available_crystals() -> tuple[str, ...]:
    """Names of the phases in twin/crystals."""
    entries = files("tansaki.twin.crystals").iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml")))


@cache
def open_crystal(name: str) -> Crystal:
    """The phase `name` of twin/crystals."""
    if name not in available_crystals():
        raise unknown_name("phase in twin/crystals", name, available_crystals())
    text = files("tansaki.twin.crystals").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return crystal_from(name, tomllib.loads(text))


def crystal_from(name: str, document: Mapping[str, Any]) -> Crystal:
    """The phase that a parsed file describes; raises `InvalidInputError` where it is not complete or contradicts."""
    where = f"{name}.toml"
    for key in ("title", "lattice", "generators", "compared", "cell", "sites"):
        if key not in document:
            raise InvalidInputError(where, sorted(document), f"{key!r} too")
    lattice = document["lattice"]
    if lattice not in LATTICES:
        raise unknown_name(f"{where}: lattice", str(lattice), LATTICES)
    if set(document["cell"]) != set(LATTICES[lattice]):
        raise InvalidInputError(f"{where}: cell", sorted(document["cell"]), ", ".join(LATTICES[lattice]))
    edges = {key: quantity_from(f"{where}: [cell.{key}]", entry).value for key, entry in document["cell"].items()}
    matrices, shifts = _group([_operation(where, text) for text in document["generators"]], where)
    first, second = (tuple(int(index) for index in hkl) for hkl in document["compared"])
    return Crystal(
        name,
        document["title"],
        lattice,
        edges,
        _atoms(where, document["sites"], matrices, shifts),
        _laue(matrices),
        ((first[0], first[1], first[2]), (second[0], second[1], second[2])),
    )


@cache
def reflections(crystal: Crystal, least_spacing_m: float) -> Reflections:
    """All families with d ≥ `least_spacing_m` and |F|² above 10⁻⁸ of the strongest.

    F = Σ g (f0 + f′ + if″) exp(−B s²) exp(2πi h·x) with s = 1/(2d) and f of neutral atoms for Cu Kα.
    """
    most = [int(edge / least_spacing_m) + 1 for edge in crystal.cell_m]
    h = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in most), indexing="ij"), axis=-1).reshape(-1, 3)
    inverse_square = np.einsum("ni,ij,nj->n", h, crystal.reciprocal_metric, h)
    h = h[(inverse_square > 0.0) & (inverse_square <= least_spacing_m**-2)]
    images = np.einsum("ni,rij->nrj", h, crystal.rotations)
    # The member named is the one with the fewest negative indices, then the largest h, k, l.
    base = 2 * max(most) + 3
    score = -(images < 0).sum(axis=2) * base**3 + images @ np.array([base**2, base, 1])
    best = np.take_along_axis(images, score.argmax(axis=1)[:, None, None], axis=1)[:, 0]
    hkl, family, count = np.unique(best, axis=0, return_inverse=True, return_counts=True)
    spacing = np.einsum("ni,ij,nj->n", hkl, crystal.reciprocal_metric, hkl) ** -0.5
    strength = np.abs(structure_factors(crystal, hkl, spacing)) ** 2
    family = family.ravel()
    kept = np.flatnonzero(strength > 1e-8 * strength.max())
    kept = kept[np.argsort(-spacing[kept], kind="stable")]
    members = np.concatenate([h[family == index] for index in kept])
    first = np.concatenate([[0], np.cumsum(count[kept])[:-1]])
    return Reflections(hkl[kept], spacing[kept], count[kept], strength[kept], members, first)


def structure_factors(crystal: Crystal, hkl: Integers, spacing_m: Floats) -> NDArray[np.complex128]:
    """F of each row of `hkl`, electrons per cell."""
    s = 0.5 / spacing_m
    phases = np.exp(2j * np.pi * (hkl @ crystal.atoms.positions.T))
    total = np.zeros(len(hkl), dtype=np.complex128)
    symbols = np.array(crystal.atoms.elements)
    for symbol in sorted(set(crystal.atoms.elements)):
        x_ray = element(symbol).x_ray
        scattering = form_factor(s, x_ray) + x_ray.f_prime + 1j * x_ray.f_double_prime
        own = symbols == symbol
        damping = np.exp(-np.outer(s * s, crystal.atoms.b_m2[own]))
        total += scattering * ((phases[:, own] * damping) @ crystal.atoms.occupancy[own])
    return total


@cache
def axis_cosines_squared(crystal: Crystal, least_spacing_m: float, axis: tuple[int, int, int]) -> Floats:
    """cos² of the angle of each member's normal to that of the planes `axis`; as `Reflections.members`."""
    metric = crystal.reciprocal_metric
    members, along = reflections(crystal, least_spacing_m).members, np.array(axis)
    if not along.any():
        raise InvalidInputError("axis of texture", axis, "hkl of lattice planes")
    norm = np.einsum("ni,ij,nj->n", members, metric, members) * float(along @ metric @ along)
    return np.asarray((members @ metric @ along) ** 2 / norm)


def label(hkl: tuple[int, ...] | Integers) -> str:
    """ "104"; with underscores where an index has two digits or a sign."""
    indices = [int(index) for index in hkl]
    return ("" if all(0 <= index < 10 for index in indices) else "_").join(str(index) for index in indices)


def _operation(where: str, text: str) -> tuple[Integers, tuple[Fraction, ...]]:
    """Rotation and shift of "-y+1/2,x,z"."""
    parts = text.replace(" ", "").split(",")
    matrix, shift = np.zeros((3, 3), dtype=np.int64), [Fraction(0)] * 3
    for row, part in enumerate(parts):
        terms = list(_TERM.finditer(part))
        if len(parts) != 3 or "".join(term.group(0) for term in terms) != part or not part:
            raise InvalidInputError(f"{where}: generators", text, 'an operation like "-y+1/2,x,z"')
        for term in terms:
            sign = -1 if term.group(1) == "-" else 1
            if term.group(5):
                matrix[row, "xyz".index(term.group(5))] += sign
            else:
                shift[row] += sign * Fraction(int(term.group(2) or term.group(4)), int(term.group(3) or 1))
    return matrix, tuple(part % 1 for part in shift)


def _group(generators: list[tuple[Integers, tuple[Fraction, ...]]], where: str) -> tuple[Integers, Floats]:
    """All operations of the group modulo translations of the cell."""

    def key(matrix: Integers, shift: tuple[Fraction, ...]) -> tuple[object, ...]:
        return (*(int(entry) for entry in matrix.ravel()), *shift)

    found: dict[tuple[object, ...], tuple[Integers, tuple[Fraction, ...]]] = {}
    waiting: list[tuple[Integers, tuple[Fraction, ...]]] = [(np.eye(3, dtype=np.int64), (Fraction(0),) * 3)]
    while waiting:
        matrix, shift = waiting.pop()
        if key(matrix, shift) in found:
            continue
        found[key(matrix, shift)] = matrix, shift
        if len(found) > _LARGEST_GROUP:
            raise InvalidInputError(f"{where}: generators", len(found), f"at most {_LARGEST_GROUP} operations")
        for turn, move in generators:
            moved = tuple((sum(int(turn[i, j]) * shift[j] for j in range(3)) + move[i]) % 1 for i in range(3))
            waiting.append((turn @ matrix, moved))
    matrices = np.array([matrix for matrix, _ in found.values()])
    return matrices, np.array([[float(part) for part in shift] for _, shift in found.values()])


def _laue(matrices: Integers) -> Integers:
    return np.unique(np.concatenate([matrices, -matrices]), axis=0)


def _atoms(where: str, sites: list[dict[str, Any]], matrices: Integers, shifts: Floats) -> Atoms:
    elements: list[str] = []
    positions, occupancy, b_m2 = [], [], []
    for site in sites:
        for key in ("element", "position", "occupancy", "b_m2", "source", "kind"):
            if key not in site:
                raise InvalidInputError(f"{where}: sites", sorted(site), f"{key!r} too")
        element(site["element"])
        orbit = (matrices @ np.array(site["position"], dtype=np.float64) + shifts) % 1.0
        distinct: list[Floats] = []
        for place in orbit:
            apart = [np.abs((place - other + 0.5) % 1.0 - 0.5).max() for other in distinct]
            if not apart or min(apart) > 1e-4:
                distinct.append(place)
        elements += [site["element"]] * len(distinct)
        positions += distinct
        occupancy += [float(site["occupancy"])] * len(distinct)
        b_m2 += [quantity_from(f"{where}: b_m2", site["b_m2"]).value] * len(distinct)
    return Atoms(tuple(elements), np.array(positions), np.array(occupancy), np.array(b_m2))
