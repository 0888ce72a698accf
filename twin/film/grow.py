"""From growth conditions and anneal to the hidden truth of a sample."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.film import roughness_law, structure
from tansaki.twin.film.layer import (
    Arrival,
    Base,
    Layer,
    Substrate,
    Titania,
    base_above,
    finished_layer,
    growth_exposure,
)
from tansaki.twin.film.morphology import Morphology, grains_of
from tansaki.twin.film.roughness_law import Cells, RoughnessLaw
from tansaki.twin.film.structure import Atmosphere, Stress
from tansaki.twin.growth.solid_on_solid import Hopping
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Anneal, Film, GrowthConditions
from tansaki.twin.units import ELEMENTARY_CHARGE_C, ZERO_CELSIUS_K

_COLD_C = 25.0


class Variation(NamedTuple):
    """Spread between films of one recipe, as standard deviations of logarithms."""

    activation: float
    mobility: float
    thickness: float


NO_VARIATION = (0.0,) * len(Variation._fields)


def grow(
    layers: Sequence[GrowthConditions],
    anneal: Anneal | None,
    substrate: str,
    material: DataFile,
    normals: Sequence[float] = NO_VARIATION,
) -> Film:
    """The film that grows from `layers` (bottom first) on `substrate`, after `anneal`.

    `normals` are standard normal numbers, one for each field of `Variation`; zeros give the mean film. A layer
    grows crystalline where it is hot long enough, and crystallises more easily on anatase than on glass, so
    an oxygen-rich bottom layer is a seed for the layer above it. Layers conduct side by side:
    ρ = h / Σ σᵢhᵢ; n is the mean over the thickness and μ = 1/(neρ), as a Hall measurement would give.

    Inputs outside the ranges in section [inputs] of the material file are used and listed in
    `Film.extrapolated`. Raises `InvalidInputError` for inputs that no film can have.
    """
    _check(layers, anneal, normals)
    # A film without an anneal has one of no duration.
    chosen = anneal or Anneal(_COLD_C, 0.0)
    atmosphere = material.parameters(_option(material, "anneal", chosen.atmosphere), Atmosphere)
    surface = material.parameters(_option(material, "substrate", substrate), Substrate)
    titania = material.assembled(Titania)
    spread = material.parameters("variation", Variation)
    activation, mobility, thickness = (math.exp(s * z) for s, z in zip(spread, normals, strict=True))
    base = Base(surface.epitaxy, surface.epitaxy)
    grown: list[Layer] = []
    for number, at in enumerate(layers):
        arrival = Arrival(*(getattr(at, name) for name in Arrival._fields))
        # The layers above keep this one hot while they grow.
        exposure = sum(
            growth_exposure(arrival, base, above.substrate_temperature_k, above.thickness_m / above.rate_m_s, titania)
            for above in layers[number:]
        )
        layer = finished_layer(
            arrival,
            base,
            exposure,
            chosen.temperature_c + ZERO_CELSIUS_K,
            chosen.duration_s,
            atmosphere,
            surface.thermal_expansion_per_k,
            activation,
            mobility,
            titania,
        )
        base = base_above(layer, base)
        grown.append(layer)
    nominal = sum(at.thickness_m for at in layers)

    def mean(name: str) -> float:
        return float(
            sum(getattr(layer, name) * at.thickness_m for layer, at in zip(grown, layers, strict=True)) / nominal
        )

    resistivity = 1.0 / mean("conductivity_s_m")
    density = mean("carriers_per_cation") * titania.carriers.cation_density_m3
    top = layers[-1]
    grains = grains_of(
        top.substrate_temperature_k,
        top.pressure_pa,
        top.energy_per_atom_ev,
        top.rate_m_s,
        nominal,
        chosen.temperature_c + ZERO_CELSIUS_K,
        chosen.duration_s,
        material.assembled(Morphology),
    )
    return Film(
        material=material.name,
        thickness_m=float(thickness * nominal),
        dopant_fraction=sum(at.dopant_fraction * at.thickness_m for at in layers) / nominal,
        oxygen_ratio=mean("oxygen_ratio"),
        crystalline_fraction=mean("crystalline"),
        rutile_fraction=mean("rutile"),
        carrier_density_m3=density,
        mobility_m2_vs=1.0 / (density * ELEMENTARY_CHARGE_C * resistivity),
        resistivity_ohm_m=resistivity,
        stress_pa=mean("stress_pa"),
        grain_size_m=float(grains.grain_size_m),
        void_fraction=float(grains.void_fraction),
        localised_density_m3=mean("localised_per_cation") * titania.carriers.cation_density_m3,
        roughness_m=_roughness_m(layers, material),
        extrapolated=_extrapolated(layers, anneal, material),
    )


def peeling_probability(film: Film, material: DataFile) -> float:
    """Probability that `film` comes off its substrate; the caller draws."""
    stress = material.parameters("stress", Stress)
    return float(structure.peeling_probability(film.stress_pa, film.thickness_m, stress))


def _roughness_m(layers: Sequence[GrowthConditions], material: DataFile) -> float:
    """Sq of the face as it grew; an anneal does not change it."""
    surface = material.section("surface")
    cells = Cells(*(surface[name].value for name in Cells._fields))
    law, hopping = material.parameters("roughness_law", RoughnessLaw), material.parameters("hopping", Hopping)
    thickness = sum(at.thickness_m for at in layers)
    turned, resting = 0.0, 0.0
    for at in layers:
        share = at.thickness_m / thickness
        turned += share * roughness_law.turned_share(at.pressure_pa, law)
        resting += share * roughness_law.resting_share(
            at.rate_m_s, at.substrate_temperature_k, at.energy_per_atom_ev, cells, hopping
        )
    return float(roughness_law.roughness_m(thickness, turned, resting, cells, law))


def _option(material: DataFile, kind: str, name: str) -> str:
    section = f"{kind}_{name}"
    if section not in material.sections:
        known = [s.removeprefix(f"{kind}_") for s in material.sections if s.startswith(f"{kind}_")]
        raise unknown_name(f"{kind} for {material.name}", name, known)
    return section


def _check(layers: Sequence[GrowthConditions], anneal: Anneal | None, normals: Sequence[float]) -> None:
    if not layers:
        raise InvalidInputError("layers", layers, "at least one")
    if len(normals) != len(Variation._fields):
        raise InvalidInputError("normals", normals, f"{len(Variation._fields)} numbers: {', '.join(Variation._fields)}")
    for layer in layers:
        for name in GrowthConditions.__dataclass_fields__:
            value = getattr(layer, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise InvalidInputError(name, value, "a finite number >= 0")
        for name in ("thickness_m", "rate_m_s", "substrate_temperature_k"):
            if getattr(layer, name) == 0.0:
                raise InvalidInputError(name, 0.0, "a number > 0")
        for name in ("oxygen_coverage", "dopant_fraction"):
            if getattr(layer, name) > 1.0:
                raise InvalidInputError(name, getattr(layer, name), "a fraction from 0 to 1")
    if anneal is not None:
        if not anneal.temperature_c > -ZERO_CELSIUS_K:
            raise InvalidInputError("anneal temperature_c", anneal.temperature_c, f"above -{ZERO_CELSIUS_K}")
        if not (math.isfinite(anneal.duration_s) and anneal.duration_s >= 0.0):
            raise InvalidInputError("anneal duration_s", anneal.duration_s, "a finite number >= 0")


def _extrapolated(layers: Sequence[GrowthConditions], anneal: Anneal | None, material: DataFile) -> tuple[str, ...]:
    names = [name for name in GrowthConditions.__dataclass_fields__ if name != "thickness_m"]
    values = [(name, getattr(c, name)) for c in layers for name in names]
    values.append(("thickness_m", sum(c.thickness_m for c in layers)))
    if anneal is not None:
        values += [
            ("anneal_temperature_k", anneal.temperature_c + ZERO_CELSIUS_K),
            ("anneal_duration_s", anneal.duration_s),
        ]
    bounds = {name: quantity.valid for name, quantity in material.section("inputs").items() if quantity.valid}
    outside = [n for n, value in values if n in bounds and not bounds[n][0] <= value <= bounds[n][1]]
    return tuple(dict.fromkeys(outside))
