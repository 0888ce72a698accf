"""Libraries of Ni-Pd-Pt-Ru alloys co-sputtered from four cathodes around the wafer: what is covered, and how evenly."""

from typing import NamedTuple

import numpy as xp  # noqa: F401 - marks a physics module for `bind`

from tansaki.twin.backends import Scalar
from tansaki.twin.deposition.discharge import GasHeating
from tansaki.twin.systems.cosputter import (
    Interest,
    Magnetron,
    Projectile,
    Source,
    Species,
    Wafer,
    chamber_at,
    energy_per_atom_ev,
    film_of,
    fraction_at,
    growth_rate_m_s,
    library_of,
    relative_doses,
    source_at,
)

CHAMBER = "cosputter_four"
OPTIONS: dict[str, str] = {}
ELEMENTS = {"argon": "ar", "nickel": "ni", "palladium": "pd", "platinum": "pt", "ruthenium": "ru"}
CATHODES = ("nickel", "palladium", "platinum", "ruthenium")
"""Which field of `Parameters` each entry of `sources` belongs to."""
QUARTER_TURN_RAD = 1.5707963267948966
"""Between neighbouring cathodes; nickel stands opposite platinum, palladium opposite ruthenium."""


class Yields(NamedTuple):
    """Section ``[yields]``: what the chamber's yields are, over those of the fit."""

    nickel: float
    palladium: float
    platinum: float
    ruthenium: float


class Wanted(NamedTuple):
    """Section ``[wanted]``: the film against which deviations count, atomic fractions that add up to one."""

    nickel: float
    palladium: float
    platinum: float
    ruthenium: float
    thickness_m: float


class Parameters(NamedTuple):
    """Chamber and material."""

    argon: Projectile
    nickel: Species
    palladium: Species
    platinum: Species
    ruthenium: Species
    yields: Yields
    magnetron: Magnetron
    gas_heating: GasHeating
    wafer: Wafer
    wanted: Wanted
    interest: Interest


class Inputs(NamedTuple):
    """What is set."""

    power_ni_w: Scalar
    power_pd_w: Scalar
    power_pt_w: Scalar
    power_ru_w: Scalar
    pressure_pa: Scalar
    tilt_deg: Scalar
    """Of all cathodes towards the axis of the wafer; 0 when they look straight up."""
    throw_distance_m: Scalar
    """From the plane of the cathodes to the wafer."""
    duration_s: Scalar


class Outputs(NamedTuple):
    """What comes of it; fractions, rate and energy at the centre of the wafer."""

    nickel_fraction: Scalar
    palladium_fraction: Scalar
    platinum_fraction: Scalar
    ruthenium_fraction: Scalar
    composition_span: Scalar
    """Of the element that varies most: its largest minus its smallest fraction on the wafer."""
    coverage: Scalar
    """Area of the surface of compositions on the wafer, over that of a face of the tetrahedron of all compositions."""
    usable_coverage: Scalar
    """The same, with a weight that falls off from the wanted composition and the wanted thickness."""
    target_distance: Scalar
    film_deviation: Scalar
    thickness_m: Scalar
    """Mean over the wafer."""
    thickness_nonuniformity: Scalar
    growth_rate_m_s: Scalar
    deposition_time_s: Scalar
    energy_per_atom_ev: Scalar


def sources(inputs: Inputs, parameters: Parameters) -> tuple[Source, ...]:
    """The running cathodes, in the order of `CATHODES`."""
    p, y, turn = parameters, parameters.yields, QUARTER_TURN_RAD
    total_w = inputs.power_ni_w + inputs.power_pd_w + inputs.power_pt_w + inputs.power_ru_w
    chamber = chamber_at(total_w, inputs.pressure_pa, inputs.tilt_deg, inputs.throw_distance_m, p.gas_heating)
    return (
        source_at(0.0, inputs.power_ni_w, y.nickel, p.nickel, p.argon, p.magnetron, chamber),
        source_at(turn, inputs.power_pd_w, y.palladium, p.palladium, p.argon, p.magnetron, chamber),
        source_at(2.0 * turn, inputs.power_pt_w, y.platinum, p.platinum, p.argon, p.magnetron, chamber),
        source_at(3.0 * turn, inputs.power_ru_w, y.ruthenium, p.ruthenium, p.argon, p.magnetron, chamber),
    )


def evaluate(inputs: Inputs, parameters: Parameters) -> Outputs:
    """Fluxes of the four cathodes over the wafer, and the library they make."""
    w, height = parameters.wanted, inputs.throw_distance_m
    running = sources(inputs, parameters)
    wanted = (w.nickel, w.palladium, w.platinum, w.ruthenium)
    doses = relative_doses(running, wanted, w.thickness_m, inputs.duration_s, height, parameters.wafer)
    film = film_of(doses, wanted, w.thickness_m, running)
    library = library_of(doses, wanted, parameters.interest, running)
    return Outputs(
        fraction_at(0, 0.0, 0.0, height, running),
        fraction_at(1, 0.0, 0.0, height, running),
        fraction_at(2, 0.0, 0.0, height, running),
        fraction_at(3, 0.0, 0.0, height, running),
        film.composition_span,
        library.coverage,
        library.usable_coverage,
        film.target_distance,
        film.film_deviation,
        film.thickness_m,
        film.nonuniformity,
        growth_rate_m_s(0.0, 0.0, height, running),
        inputs.duration_s,
        energy_per_atom_ev(height, running),
    )
