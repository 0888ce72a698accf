"""X-ray diffraction: positions, absorption, round trips through the whole chain, counting statistics."""

import math
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tansaki.experiments.validation.row import Row, relative
from tansaki.twin.specimens.specimen import Crystal, FilmLayer, Specimen

GROUP: Final = "diffraction"
KA1_M: Final = 1.5405929e-10
SRM: Final = "NIST SRM 640f, a = 0.54311440 nm, Bragg's law with Cu Ka1 1.5405929 angstrom"
TABLE: Final = "reference table of the phases, pymatgen XRDCalculator, Cu Ka1"
SRM_640F: Final[Mapping[str, float]] = {"111": 28.441, "220": 47.301, "311": 56.120, "400": 69.127, "331": 76.373}
"""2θ in degrees."""
SPACINGS: Final[Mapping[str, Mapping[str, float]]] = {
    "anatase": {"101": 3.5165, "004": 2.3786, "200": 1.8922, "105": 1.7001, "211": 1.6663, "204": 1.4808},
    "rutile": {"110": 3.2482, "101": 2.4874, "111": 2.1873, "211": 1.6875, "220": 1.6241, "301": 1.3599},
    "tin": {"111": 2.4489, "200": 2.1208, "220": 1.4997, "311": 1.2789, "222": 1.2245},
}
"""d in ångström."""
MOUNTINGS: Final = 8


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _positions()
    yield _fitted_position()
    yield _absorption()
    yield from _scherrer()
    yield from _poisson()
    yield _background()


def film(phase: str, thickness_m: float, size_m: float, plate: str, microstrain: float = 0.002) -> Specimen:
    """A film of one phase without texture, strain or amorphous share."""
    from tansaki.twin.measurement.x_ray.crystal import open_crystal

    crystal = open_crystal(phase)
    atoms = crystal.atoms.elements
    grains = Crystal(phase, 1.0, size_m, microstrain, 0.0)
    composition = {symbol: float(atoms.count(symbol)) for symbol in sorted(set(atoms))}
    layer = FilmLayer(
        thickness_m,
        composition,
        crystal.density_kg_m3,
        1e-9,
        lambda wavelength: np.full(wavelength.shape, 2.0 + 0j),
        (grains,),
    )
    return Specimen(phase, plate, 0.01, 0.01, (layer,))


def _degrees(spacing_m: float) -> float:
    return 2.0 * math.degrees(math.asin(0.5 * KA1_M / spacing_m))


def _spacing_m(phase: str, hkl: str) -> float:
    from tansaki.twin.measurement.x_ray.crystal import label, open_crystal, reflections

    table = reflections(open_crystal(phase), 0.7e-10)
    (found,) = (float(d) for d, one in zip(table.spacing_m, table.hkl, strict=True) if label(one) == hkl)
    return found


def _positions() -> Iterator[Row]:
    """Targets 4 and 5: Bragg angles from the cells."""
    for hkl, target in SRM_640F.items():
        twin = _degrees(_spacing_m("silicon", hkl))
        yield Row(
            "M4",
            GROUP,
            f"silicon ({hkl}): 2theta, deg",
            target,
            twin,
            "0.002 deg",
            SRM,
            "exact",
            abs(twin - target) <= 0.002,
        )
    for phase, lines in SPACINGS.items():
        for hkl, spacing in lines.items():
            target, twin = _degrees(1e-10 * spacing), _degrees(_spacing_m(phase, hkl))
            ok = abs(twin - target) <= 0.005
            label = f"{phase} ({hkl}): 2theta, deg"
            yield Row("M5", GROUP, label, target, twin, "0.005 deg", TABLE, "own reference", ok)


def _fitted_position() -> Row:
    """Target 5: the doublet fit puts the line where it is."""
    from tansaki.twin.measurement.instrument import open_instrument

    derived = open_instrument("x_ray_diffractometer").measure(film("anatase", 2e-7, 3e-8, "silicon"), None).derived
    a, c = (1e-9 * derived[f"lattice_parameter_{edge}"].value for edge in "ac")
    twin = _degrees((a**-2 + c**-2) ** -0.5)
    target = _degrees(_spacing_m("anatase", "101"))
    label = "anatase (101): 2theta after the fit of an ideal scan, deg"
    source = "cell of the specimen"
    return Row("M5", GROUP, label, target, twin, "0.005 deg", source, "exact", abs(twin - target) <= 0.005)


def _absorption() -> Row:
    """Target 6: thickness dependence of the integrated intensity, through the lines of the specimen."""
    from tansaki.twin.measurement.instrument import open_instrument
    from tansaki.twin.measurement.x_ray.diffractometer import Errors, Mounting, XRayDiffractometer
    from tansaki.twin.measurement.x_ray.scattering_specimen import film_lines

    instrument = open_instrument("x_ray_diffractometer")
    assert isinstance(instrument, XRayDiffractometer)
    optics = instrument.optics(Errors(0.0, 1.0), Mounting(0.0, 0.0))
    areas = [film_lines(film("anatase", t, 2e-8, "silicon"), optics)[0][0, 1] for t in (1e-7, 5e-8)]
    source = "absorption formula with 1/mu = 20.9 um, sin theta = 0.219"
    label = "anatase (101): integrated intensity of 100 nm over 50 nm"
    return relative("M6", GROUP, label, 1.978, float(areas[0] / areas[1]), 0.005, source, "exact")


def _scherrer() -> Iterator[Row]:
    """Target 7: size of a film through counts, fit and width correction; rms error over mountings."""
    from tansaki.twin.measurement.instrument import open_instrument

    instrument = open_instrument("x_ray_diffractometer")
    rng = np.random.default_rng(7)
    for size, speed in ((1e-8, 0.8), (2e-8, 1.5)):
        specimen = film("anatase", 3e-7, size, "silicon")
        errors = []
        for _ in range(MOUNTINGS):
            record = instrument.measure(specimen, rng, settings={"speed_deg_min": speed})
            errors.append(record.derived["crystallite_size"].value / (1e9 * size) - 1.0)
        twin = 1e9 * size * (1.0 + math.sqrt(float(np.mean(np.square(errors)))))
        top = float(np.asarray(record.raw["intensity_counts"])[:2000].max())
        label = f"size of {1e9 * size:g} nm plus its rms error over {MOUNTINGS} mountings, nm"
        note = f"{top:.0f} counts in the (101) peak"
        yield relative("M7", GROUP, label, 1e9 * size, twin, 0.05, "round trip", "exact", note)


def _poisson() -> Iterator[Row]:
    """Target 15: each step of a scan without lines is a repeat."""
    from dataclasses import replace

    from tansaki.twin.measurement.instrument import open_instrument

    instrument = open_instrument("x_ray_diffractometer")
    plain = film("anatase", 1e-7, 2e-8, "silicon")
    specimen = replace(plain, layers=(plain.layers[0]._replace(crystals=()),))
    session, mounting = instrument.session(None, "ideal"), instrument.mount(specimen, None)
    scan = {"start_deg": 75.0, "stop_deg": 135.0, "step_deg": 0.005}
    rng = np.random.default_rng(15)

    def counted(speed: float, noise: np.random.Generator | None) -> NDArray[np.float64]:
        chosen = instrument.checked({**scan, "speed_deg_min": min(40.0, max(0.1, speed))})
        raw = instrument.acquire(specimen, chosen, session.errors, mounting, noise).raw
        return np.asarray(raw["intensity_counts"], dtype=np.float64)

    usual = float(counted(20.0, None).mean())
    for target in (10.0, 100.0, 1000.0):
        speed = 20.0 * usual / target
        mean, counts = counted(speed, None), counted(speed, rng)
        twin = float(np.mean((counts - mean) ** 2 / mean))
        sigma = math.sqrt((2.0 + 1.0 / float(mean.mean())) / len(mean))
        label = f"variance over mean of {len(mean)} readings at {mean.mean():.0f} counts"
        ok = abs(twin - 1.0) <= 3.0 * sigma
        yield Row("M15", GROUP, label, 1.0, twin, f"3 sigma = {3.0 * sigma:.3f}", "Poisson statistics", "exact", ok)


def _background() -> Row:
    """Counts a step where there is nothing to see, at the settings of a public scan."""
    from tansaki.twin.measurement.instrument import open_instrument

    instrument = open_instrument("x_ray_diffractometer")
    settings = {"tube_voltage_kv": 40.0, "tube_current_ma": 30.0, "speed_deg_min": 8.0, "step_deg": 0.01}
    record = instrument.measure(
        film("anatase", 1e-9, 2e-8, "silicon"), None, settings={**settings, "start_deg": 25.0, "stop_deg": 60.0}
    )
    twin = float(np.median(np.asarray(record.raw["intensity_counts"])))
    source = "public Rigaku scan: first counts 13, 7, 12, 6, 3 at 25 deg"
    label = "background at 40 kV, 30 mA, 8 deg/min and 0.01 deg, counts a step"
    return Row("M-background", GROUP, label, 8.2, twin, "30 %", source, "published (fitted to)", abs(twin - 8.2) <= 2.5)
