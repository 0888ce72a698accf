"""Co-sputtering from several tilted cathodes onto a wafer that stands still: how much of each element lands where.

Cathodes stand on a circle around the axis of the wafer, all tilted by one angle towards it. Each is a ring that emits
with a cosine law (closed form, `tansaki.twin.deposition.sources`), as many atoms as ions times yield; the gas takes its
share element by element (`tansaki.twin.deposition.gas_path`), tabulated for a wafer that faces the cathode and carried
over to the ways and angles of the tilted one. Atomic volumes add up.

Left out: resputtering and sticking below one, the metal that one cathode puts on another, and the plasmas' influence
on each other. A system (`tansaki.twin.systems.cu_ti`) makes a tuple of `Source`, one a cathode, and asks for the film.
Written for `tansaki.twin.backends.bind`; positions may be arrays: written out point by point, the wafer takes XLA
minutes to compile.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

import math
from typing import NamedTuple

import numpy as xp

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.discharge import GasHeating, gas_temperature_k, ion_current_a
from tansaki.twin.deposition.gas_path import GasPath, column, mean_energy_ev, polynomial, scaled
from tansaki.twin.deposition.sources import Cathode, tilted_cathode, tilted_ring_flux_m2
from tansaki.twin.deposition.sputter_yield import Atom, Solid, Sputtering, yamamura_yield
from tansaki.twin.units import ELEMENTARY_CHARGE_C

RADIANS_PER_DEGREE = 0.017453292519943295

_EDGE = [(math.cos(0.25 * math.pi * k), math.sin(0.25 * math.pi * k)) for k in range(8)]
X = (0.0, *(0.5 * x for x, _ in _EDGE[1::2]), *(x for x, _ in _EDGE))
Y = (0.0, *(0.5 * y for _, y in _EDGE[1::2]), *(y for _, y in _EDGE))
"""Where a wafer of radius 1 is looked at: its centre, four points halfway, eight at the edge [13]."""
WEIGHTS = (0.0, *(1.0 / 6.0,) * 4, *(1.0 / 24.0,) * 8)
"""Of the mean over the area: Simpson's rule along the radius, which gives the centre none [13]."""
TRIANGLES = (
    *((0, 1 + k, 1 + (k + 1) % 4) for k in range(4)),
    *((1 + k, 5 + 2 * k, 6 + 2 * k) for k in range(4)),
    *((1 + k, 6 + 2 * k, 5 + (2 * k + 2) % 8) for k in range(4)),
    *((1 + k, 5 + (2 * k + 2) % 8, 1 + (k + 1) % 4) for k in range(4)),
)
"""The octagon of the eight points at the edge, as 16 triangles."""
FIRST_SIDE = tuple(tuple(float(i == b) - float(i == a) for i in range(13)) for a, b, _ in TRIANGLES)
SECOND_SIDE = tuple(tuple(float(i == c) - float(i == a) for i in range(13)) for a, _, c in TRIANGLES)
MIDDLE = tuple(tuple(float(i in corners) / 3.0 for i in range(13)) for corners in TRIANGLES)
"""From values at the points to their differences along two sides of each triangle, and to their mean in it [16, 13]."""
FACE_AREA = 0.8660254037844386
"""Of a triangle between three pure elements, √3/2: a composition is the point whose coordinates are the fractions."""
SMALLEST_SQUARE = 1e-12


class Projectile(NamedTuple):
    """What bombards the targets: a file of twin/elements."""

    atom: Atom


class Species(NamedTuple):
    """A sputtered element: sections of its file in twin/elements, and its way through the gas."""

    atom: Atom
    solid: Solid
    sputtering: Sputtering
    path: GasPath


class Magnetron(NamedTuple):
    """Section ``[magnetron]``: one kind of cathode for all targets."""

    reference_voltage_v: float
    reference_current_a: float
    voltage_exponent: float
    """n of I = k·Vⁿ."""
    electron_yield: float
    """Electrons per ion."""
    ion_energy_fraction: float
    """Energy of the arriving ion over e·V."""
    racetrack_inner_m: float
    racetrack_outer_m: float
    offset_m: float
    """From the axis of the wafer to the centre of the cathode."""


class Wafer(NamedTuple):
    """Section ``[wafer]``."""

    radius_m: float
    """Of the part that counts."""


class Interest(NamedTuple):
    """Section ``[interest]``: distances from the wanted film that halve the weight in `Library.usable_coverage`."""

    composition: float
    """In atomic fractions."""
    thickness: float
    """Relative."""


class Chamber(NamedTuple):
    """What all cathodes share in one run."""

    pressure_pa: Scalar
    gas_temperature_k: Scalar
    tilt_rad: Scalar
    throw_distance_m: Scalar
    """From the plane of the centres of the cathodes to the wafer."""


class Source(NamedTuple):
    """One running cathode, seen from the wafer."""

    cathode: Cathode
    ring_radius_m: Scalar
    emitted_s: Scalar
    """Atoms per second."""
    depth_per_m: Scalar
    """x/d of `tansaki.twin.deposition.gas_path.rate_form`: gas in the way, per length of the way."""
    energy_ev: Scalar
    """Per arriving atom: kinetic, and the binding energy that condensing sets free."""
    atomic_volume_m3: float


class Film(NamedTuple):
    """What stands on the wafer; means are over its area."""

    thickness_m: Scalar
    """Mean."""
    nonuniformity: Scalar
    """(largest − smallest)/mean thickness."""
    composition_span: Scalar
    """Largest difference of one element's fraction between two points."""
    target_distance: Scalar
    """Euclidean distance of the composition at the centre from the wanted one."""
    film_deviation: Scalar
    """√⟨Σ(N_k/N − x_k)²⟩ over the wafer: atoms per area against those of the wanted film, even everywhere."""


class Library(NamedTuple):
    """What compositions stand on the wafer."""

    coverage: Scalar
    """Area that they cover, over that of a face between three pure elements."""
    usable_coverage: Scalar
    """The same, each piece with the weight 1/(1 + c² + t²): how far it is from the wanted composition and thickness."""


def chamber_at(
    total_power_w: Scalar, pressure_pa: Scalar, tilt_deg: Scalar, throw_distance_m: Scalar, heating: GasHeating
) -> Chamber:
    """The gas is as hot as the power of all cathodes together makes it."""
    temperature = gas_temperature_k(total_power_w, pressure_pa, heating)
    return Chamber(pressure_pa, temperature, tilt_deg * RADIANS_PER_DEGREE, throw_distance_m)


def voltage_v(power_w: Scalar, magnetron: Magnetron) -> Scalar:
    """V₀[P/(V₀I₀)]^{1/(n+1)}, from I = k·Vⁿ and P = V·I; bare targets, whatever they are made of."""
    ratio = power_w / (magnetron.reference_voltage_v * magnetron.reference_current_a)
    return magnetron.reference_voltage_v * ratio ** (1.0 / (magnetron.voltage_exponent + 1.0))


def emitted_per_s(
    power_w: Scalar, yield_factor: Scalar, species: Species, projectile: Projectile, magnetron: Magnetron
) -> Scalar:
    """Atoms that leave a target per second: ions times yield times `yield_factor`, what the fit of the yield misses."""
    volts = voltage_v(power_w, magnetron)
    ions_s = ion_current_a(power_w / volts, magnetron.electron_yield) / ELEMENTARY_CHARGE_C
    energy = magnetron.ion_energy_fraction * volts
    return yield_factor * ions_s * yamamura_yield(energy, projectile.atom, species.atom, species.sputtering)


def source_at(
    azimuth_rad: Scalar,
    power_w: Scalar,
    yield_factor: Scalar,
    species: Species,
    projectile: Projectile,
    magnetron: Magnetron,
    chamber: Chamber,
) -> Source:
    """A running cathode at `azimuth_rad` of the circle."""
    cathode = tilted_cathode(
        azimuth_rad,
        magnetron.offset_m,
        0.0,
        chamber.tilt_rad,
        magnetron.racetrack_inner_m,
        magnetron.racetrack_outer_m,
    )
    inner, outer = magnetron.racetrack_inner_m, magnetron.racetrack_outer_m
    # Along the axis of the cathode to the plane through the centre of the wafer that faces it.
    height = chamber.throw_distance_m
    distance = height * cathode.normal_z - cathode.x_m * cathode.normal_x - cathode.y_m * cathode.normal_y
    pressure, temperature, path = chamber.pressure_pa, chamber.gas_temperature_k, species.path
    u, v, w = scaled(pressure, distance, temperature)
    depth = column(pressure, distance, temperature) * xp.exp(polynomial(path.rate, u, v, w))
    return Source(
        cathode,
        # A ring of the mean square radius stands for the racetrack: the flux is nearly linear in R².
        xp.sqrt(0.5 * (inner * inner + outer * outer)),
        emitted_per_s(power_w, yield_factor, species, projectile, magnetron),
        depth / distance,
        mean_energy_ev(pressure, distance, temperature, path) + species.sputtering.surface_binding_ev,
        1.0 / species.solid.density_m3,
    )


def flux_m2_s(x_m: Scalar, y_m: Scalar, height_m: Scalar, source: Source) -> Scalar:
    """Atoms per area and time that one cathode brings to the point (x, y) of the wafer.

    The collision-free flux times (1 − e⁻ˣ)/x for the gas on the way from the centre of the cathode. Against the Monte
    Carlo with tilted cathodes 1 to 3 % off up to 1 Pa, up to 13 % at 3 Pa, where the near edge gets more than this.
    """
    cathode = source.cathode
    qx, qy = x_m - cathode.x_m, y_m - cathode.y_m
    way = xp.sqrt(qx * qx + qy * qy + height_m * height_m)
    depth = xp.maximum(source.depth_per_m * way, 1e-12)
    arriving = -xp.expm1(-depth) / depth
    free = tilted_ring_flux_m2(x_m, y_m, height_m, source.ring_radius_m, cathode)
    return source.emitted_s * arriving * free


def fraction_at(which: int, x_m: Scalar, y_m: Scalar, height_m: Scalar, sources: tuple[Source, ...]) -> Scalar:
    """Atomic fraction of the element of cathode `which` at a point of the wafer."""
    total = 0.0 * height_m
    for k in range(len(sources)):
        total = total + flux_m2_s(x_m, y_m, height_m, sources[k])
    return flux_m2_s(x_m, y_m, height_m, sources[which]) / total


def growth_rate_m_s(x_m: Scalar, y_m: Scalar, height_m: Scalar, sources: tuple[Source, ...]) -> Scalar:
    """Thickness per time at a point of the wafer; atomic volumes of the bulk elements add up."""
    total = 0.0 * height_m
    for k in range(len(sources)):
        total = total + flux_m2_s(x_m, y_m, height_m, sources[k]) * sources[k].atomic_volume_m3
    return total


def energy_per_atom_ev(height_m: Scalar, sources: tuple[Source, ...]) -> Scalar:
    """Kinetic and binding energy that an atom brings to the centre of the wafer, mean over the elements."""
    total = 0.0 * height_m
    for k in range(len(sources)):
        total = total + fraction_at(k, 0.0, 0.0, height_m, sources) * sources[k].energy_ev
    return total


def mixed_volume_m3(fractions: tuple[Scalar, ...], sources: tuple[Source, ...]) -> Scalar:
    """Volume per atom of a mixture of the elements of the sources."""
    total = 0.0 * fractions[0]
    for k in range(len(sources)):
        total = total + fractions[k] * sources[k].atomic_volume_m3
    return total


def relative_doses(
    sources: tuple[Source, ...],
    wanted: tuple[float, ...],
    wanted_thickness_m: float,
    duration_s: Scalar,
    height_m: Scalar,
    wafer: Wafer,
) -> list[Scalar]:
    """Atoms per area at the 13 points, one array an element, over those of all elements in the wanted film.

    `wanted` are its fractions, in the order of the sources. Of order one, hence safe in single precision.
    """
    # Made anew from tuples: JAX remembers the precision in which it first met a NumPy array.
    x_m, y_m = wafer.radius_m * xp.array(X), wafer.radius_m * xp.array(Y)
    per_dose = duration_s * mixed_volume_m3(wanted, sources) / wanted_thickness_m
    doses = []
    for k in range(len(sources)):
        doses.append(per_dose * flux_m2_s(x_m, y_m, height_m, sources[k]))
    return doses


def relative_thickness(doses: list[Scalar], wanted: tuple[float, ...], sources: tuple[Source, ...]) -> Scalar:
    """Thickness at the 13 points over the wanted one, from `relative_doses`."""
    volume = mixed_volume_m3(wanted, sources)
    total = 0.0 * doses[0]
    for k in range(len(sources)):
        total = total + doses[k] * (sources[k].atomic_volume_m3 / volume)
    return total


def film_of(
    doses: list[Scalar], wanted: tuple[float, ...], wanted_thickness_m: float, sources: tuple[Source, ...]
) -> Film:
    """The film of these `relative_doses`."""
    weights, thickness = xp.array(WEIGHTS), relative_thickness(doses, wanted, sources)
    total, squares = 0.0 * doses[0], 0.0 * doses[0]
    for k in range(len(doses)):
        total = total + doses[k]
        squares = squares + (doses[k] - wanted[k]) * (doses[k] - wanted[k])
    span, distance = 0.0 * total[0], 0.0 * total[0]
    for k in range(len(doses)):
        fraction = doses[k] / total
        span = xp.maximum(span, xp.max(fraction) - xp.min(fraction))
        distance = distance + (fraction[0] - wanted[k]) * (fraction[0] - wanted[k])
    mean = xp.sum(weights * thickness)
    return Film(
        mean * wanted_thickness_m,
        (xp.max(thickness) - xp.min(thickness)) / mean,
        span,
        xp.sqrt(xp.maximum(distance, SMALLEST_SQUARE)),
        xp.sqrt(xp.sum(weights * squares)),
    )


def library_of(
    doses: list[Scalar], wanted: tuple[float, ...], interest: Interest, sources: tuple[Source, ...]
) -> Library:
    """The compositions of these `relative_doses`, triangle by triangle of the wafer."""
    middle, first_side, second_side = xp.array(MIDDLE), xp.array(FIRST_SIDE), xp.array(SECOND_SIDE)
    total = 0.0 * doses[0]
    for k in range(len(doses)):
        total = total + doses[k]
    square, away = xp.dot(middle, 0.0 * total), xp.dot(middle, 0.0 * total)
    first, second = [], []
    for k in range(len(doses)):
        fraction = doses[k] / total
        aside = xp.dot(middle, fraction) - wanted[k]
        away = away + aside * aside
        first.append(xp.dot(first_side, fraction))
        second.append(xp.dot(second_side, fraction))
        # The area of a parallelogram in any number of dimensions: its shadows on all pairs of axes, squared and summed.
        for j in range(k):
            shadow = first[j] * second[k] - first[k] * second[j]
            square = square + shadow * shadow
    pieces = 0.5 * xp.sqrt(xp.maximum(square, SMALLEST_SQUARE * SMALLEST_SQUARE))
    excess = xp.dot(middle, relative_thickness(doses, wanted, sources)) - 1.0
    unlike = away / (interest.composition * interest.composition)
    unlike = unlike + excess * excess / (interest.thickness * interest.thickness)
    return Library(xp.sum(pieces) / FACE_AREA, xp.sum(pieces / (1.0 + unlike)) / FACE_AREA)
