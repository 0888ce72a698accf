"""What a specimen scatters in a θ-2θ scan: lines of its crystals, diffuse light of what is not crystalline.

All in the units of `diffraction_pattern`: rₑ² (rad) per area of beam, films attenuated by the films above them.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.measurement.x_ray import diffraction_pattern as pattern
from tansaki.twin.measurement.x_ray.compound import element, linear_attenuation_per_m
from tansaki.twin.measurement.x_ray.crystal import Reflections, axis_cosines_squared, open_crystal, reflections
from tansaki.twin.measurement.x_ray.diffraction_pattern import Alignment, Domains, Line, Passage, Resolution
from tansaki.twin.measurement.x_ray.scattering_factors import ATOMIC_MASS_KG, form_factor
from tansaki.twin.specimens.specimen import Crystal, FilmLayer, Specimen
from tansaki.twin.substrates.substrate import Substrate, open_substrate

Floats = NDArray[np.float64]

LEAST_SPACING_M: Final = 0.7e-10
"""Of the reflections that are tabulated: beyond 140° for Kβ."""
COPPER_M: Final = 1.540593e-10
"""Kα₁."""
WHOLE: Final = 1e-4
"""Size (m) of crystals that broaden no line."""


class Source(NamedTuple):
    """Section [source]."""

    wavelength_1_m: float
    wavelength_2_m: float
    wavelength_beta_m: float
    ratio_2: float
    ratio_beta: float
    rate_m2_per_kw: float


class Diffuse(NamedTuple):
    """Section [diffuse]."""

    height: float
    film_centre_deg: float
    film_width_deg: float


class Mosaic(NamedTuple):
    """Section [mosaic]: how crystalline plates diffract."""

    width_deg: float
    extinction_m: float


class Optics(NamedTuple):
    """Everything between source and detector that shapes the lines."""

    source: Source
    alignment: Alignment
    resolution: Resolution
    shape_factor: float


def passages(specimen: Specimen) -> Iterator[tuple[FilmLayer, Passage]]:
    """The films from the air downwards."""
    above = 0.0
    for layer in specimen.layers:
        attenuation = linear_attenuation_per_m(layer.composition, layer.density_kg_m3)
        yield layer, Passage(layer.thickness_m, attenuation, above)
        above += attenuation * layer.thickness_m


def film_lines(specimen: Specimen, optics: Optics) -> list[Floats]:
    """Lines of all crystals in the films, rows centre, area, width, mixing."""
    found = []
    for layer, passage in passages(specimen):
        for grains in layer.crystals:
            table, strength = _strengths(grains)
            domains = Domains(grains.volume_fraction, grains.size_m, grains.microstrain, grains.normal_strain)
            volume = open_crystal(grains.phase).volume_m3
            found.append(lines_of(table.spacing_m, strength, volume, domains, passage, optics))
    return found


def area_ratio(
    specimen: Specimen,
    phase: str,
    first: tuple[int, int, int],
    second: tuple[int, int, int],
    wavelength_m: float = COPPER_M,
) -> float:
    """Integrated area of the family `first` over that of `second` of one phase in the films; nan without the phase."""
    areas = {first: 0.0, second: 0.0}
    for layer, passage in passages(specimen):
        for grains in layer.crystals:
            if grains.phase != phase:
                continue
            crystal = open_crystal(phase)
            table, strength = _strengths(grains)
            for hkl in areas:
                (index,) = np.flatnonzero((table.hkl == hkl).all(axis=1))
                theta = pattern.bragg_angle_rad(table.spacing_m[index] * (1.0 + grains.normal_strain), wavelength_m)
                depth = pattern.seen_depth_m(theta, passage.thickness_m, passage.attenuation_per_m)
                depth *= grains.volume_fraction * pattern.transmission(theta, passage.depth_above)
                areas[hkl] += float(pattern.line_area(theta, wavelength_m, strength[index], crystal.volume_m3, depth))
    return areas[first] / areas[second] if areas[second] > 0.0 else float("nan")


def _strengths(grains: Crystal) -> tuple[Reflections, Floats]:
    """Families of a phase and their m|F|²W."""
    crystal = open_crystal(grains.phase)
    table = reflections(crystal, LEAST_SPACING_M)
    cosines = axis_cosines_squared(crystal, LEAST_SPACING_M, grains.axis)
    poles = np.add.reduceat(pattern.march_dollase(cosines, grains.march_parameter), table.first_member)
    return table, poles * table.structure_factor_squared


def substrate_lines(specimen: Specimen, optics: Optics, tilt_rad: float, mosaic: Mosaic) -> list[Floats]:
    """Lines of a crystalline plate: planes whose normal lies within the mosaic of the diffraction vector.

    Kinematic, from a skin as deep as the extinction length: deeper planes are in the shadow of those above.
    """
    plate = open_substrate(specimen.substrate)
    if plate.crystal is None or plate.orientation is None:
        return []
    crystal = open_crystal(plate.crystal)
    table = reflections(crystal, LEAST_SPACING_M)
    mosaic_rad = float(np.deg2rad(mosaic.width_deg))
    cosine = np.sqrt(np.minimum(axis_cosines_squared(crystal, LEAST_SPACING_M, plate.orientation), 1.0))
    # The plate leans: its planes lie `tilt_rad` off, on the average over azimuths for those far away.
    away = np.arccos(cosine)
    leaning = np.cos(np.where(away < mosaic_rad, tilt_rad, away)) ** 2
    poles = np.add.reduceat(pattern.fibre(leaning, mosaic_rad), table.first_member)
    seen = poles > 1e-12
    passage = Passage(mosaic.extinction_m, plate_attenuation_per_m(plate.name), depth_of_films(specimen))
    strength = (poles * table.structure_factor_squared)[seen]
    whole = Domains(1.0, WHOLE, 0.0, 0.0)
    return [lines_of(table.spacing_m[seen], strength, crystal.volume_m3, whole, passage, optics)]


def depth_of_films(specimen: Specimen) -> float:
    """Σ μt of all films."""
    return float(sum(passage.attenuation_per_m * passage.thickness_m for _, passage in passages(specimen)))


def lines_of(
    spacing_m: Floats, strength: Floats, cell_volume_m3: float, domains: Domains, passage: Passage, optics: Optics
) -> Floats:
    """Kα₁, Kα₂ and Kβ of families of planes, rows centre, area, width, mixing."""
    source = optics.source
    rows = []
    for wavelength, ratio in (
        (source.wavelength_1_m, 1.0),
        (source.wavelength_2_m, source.ratio_2),
        (source.wavelength_beta_m, source.ratio_beta),
    ):
        # Within 2° of 2θ = 180° the geometry ends; such lines lie beyond every scan.
        reached = spacing_m * (1.0 + domains.normal_strain) > 0.5002 * wavelength
        line: Line = pattern.line_of(
            spacing_m[reached],
            ratio * strength[reached],
            cell_volume_m3,
            wavelength,
            domains,
            passage,
            optics.alignment,
            optics.resolution,
            optics.shape_factor,
        )
        rows.append(np.stack([line.centre_rad, line.area, *line.profile], axis=-1))
    return np.concatenate(rows)


def diffuse(specimen: Specimen, two_theta_rad: Floats, numbers: Diffuse, wavelength_m: float) -> Floats:
    """Diffuse scattering of amorphous shares of the films and of a glass below them."""
    theta = 0.5 * two_theta_rad
    total = np.zeros_like(theta)
    centre, width = np.deg2rad(numbers.film_centre_deg), np.deg2rad(numbers.film_width_deg)
    for layer, passage in passages(specimen):
        amorphous = 1.0 - sum(grains.volume_fraction for grains in layer.crystals)
        if amorphous > 1e-9:
            atoms = atomic_scattering_per_m3(layer.composition, layer.density_kg_m3, theta, wavelength_m)
            density = pattern.diffuse_density(theta, atoms, centre, width, numbers.height)
            depth = pattern.seen_depth_m(theta, passage.thickness_m, passage.attenuation_per_m)
            total += amorphous * density * depth * pattern.transmission(theta, passage.depth_above)
    plate = open_substrate(specimen.substrate)
    if plate.hump is not None:
        shape = plate_diffuse(plate.name, theta, numbers.height, wavelength_m)
        total += shape * pattern.transmission(theta, depth_of_films(specimen))
    return total


def plate_diffuse(name: str, theta_rad: Floats, height: float, wavelength_m: float) -> Floats:
    """Diffuse scattering of a bare glass plate, as one measures it without a film."""
    plate: Substrate = open_substrate(name)
    if plate.hump is None:
        return np.zeros_like(theta_rad)
    atoms = atomic_scattering_per_m3(plate.composition, plate.density_kg_m3, theta_rad, wavelength_m)
    centre, width = np.deg2rad(plate.hump.centre_deg), np.deg2rad(plate.hump.width_deg)
    density = pattern.diffuse_density(theta_rad, atoms, centre, width, height)
    depth = pattern.seen_depth_m(theta_rad, plate.thickness_m, plate_attenuation_per_m(name))
    return np.asarray(density * depth)


@cache
def plate_attenuation_per_m(name: str) -> float:
    """μ of a plate."""
    plate = open_substrate(name)
    return linear_attenuation_per_m(plate.composition, plate.density_kg_m3)


def atomic_scattering_per_m3(
    composition: Mapping[str, float], density_kg_m3: float, theta_rad: Floats, wavelength_m: float
) -> Floats:
    """Σ n |f|² over the elements, electrons² per volume."""
    s = np.sin(theta_rad) / wavelength_m
    mass = ATOMIC_MASS_KG * sum(amount * element(symbol).mass_u for symbol, amount in composition.items())
    total = np.zeros_like(s)
    for symbol, amount in composition.items():
        x_ray = element(symbol).x_ray
        real = form_factor(s, x_ray) + x_ray.f_prime
        total += amount * density_kg_m3 / mass * (real * real + x_ray.f_double_prime**2)
    return total
