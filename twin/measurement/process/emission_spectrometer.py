"""Optical emission spectrometer on a window: course of a run → spectra in counts, and a fast signal of one line.

The window darkens, the slit sets width and light of a line, every pixel gets a little stray light, and photoelectrons
are counted with shot noise, read noise and a full well. The analysis is beside this module.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.deposition.course import Course, at_instants
from tansaki.twin.deposition.discharge import gas_density_m3
from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Settings
from tansaki.twin.measurement.process import emission_lines
from tansaki.twin.measurement.process.emission_analysis import analyse, pixel_edges_nm, profile
from tansaki.twin.measurement.process.emission_lines import Line, Plasma
from tansaki.twin.measurement.process.instrument import ProcessInstrument
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Array, Column

Floats = NDArray[np.float64]
LINE = "line_"


class Detector(NamedTuple):
    """Section [detector]."""

    first_nm: float
    last_nm: float
    pixels: float
    full_well: float
    read_noise: float
    dark_per_s: float
    bias: float
    stray: float
    """Share of all light that each pixel gets."""
    wavelength_sigma_nm: float
    response_sigma: float


class Light(NamedTuple):
    """Section [light]: from the plasma to the detector, and what is not known of it."""

    collected_m3: float
    """Counts a second for one photon/(m³ s), at a slit of 1 nm."""
    continuum: float
    """Photons a nanometre over those of the argon line at 750 nm."""
    temperature_spread: float
    pressure_gain: float


class Monitor(NamedTuple):
    """Section [monitor]: the fast signal of one line."""

    exposure_s: float


class SpectrometerErrors(NamedTuple):
    """Actual errors of one session."""

    shift_nm: float
    response: Mapping[str, float]
    """By line, relative."""
    pressure: float


class EmissionSpectrometer(ProcessInstrument[SpectrometerErrors, float]):
    """Spectra of the plasma; what `mount` draws is the deviation of ln(electron temperature) in this run."""

    name = "emission_spectrometer"
    columns: ClassVar = {
        "time_s": Column("s", role="axis"),
        "wavelength_nm": Column("nm", role="axis"),
        "counts": Column("1", ("time_s", "wavelength_nm")),
        "dark_counts": Column("1", ("wavelength_nm",)),
        "pressure_pa": Column("Pa", ("time_s",)),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.detector = file.parameters("detector", Detector)
        self.light = file.parameters("light", Light)
        self.plasma = file.parameters("plasma", Plasma)
        self.monitor = file.parameters("monitor", Monitor)
        self.lines = {
            name.removeprefix(LINE): file.parameters(name, Line) for name in file.sections if name.startswith(LINE)
        }

    def calibrate(self, rng: np.random.Generator | None) -> SpectrometerErrors:
        """Shift of the wavelength scale, response at every line, gain of the manometer."""
        if rng is None:
            return SpectrometerErrors(0.0, dict.fromkeys(self.lines, 0.0), 0.0)
        normals = rng.standard_normal(len(self.lines))
        return SpectrometerErrors(
            self.detector.wavelength_sigma_nm * rng.standard_normal(),
            {name: self.detector.response_sigma * float(x) for name, x in zip(self.lines, normals, strict=True)},
            self.light.pressure_gain * rng.uniform(-1.0, 1.0),
        )

    def mount(self, subject: Course, rng: np.random.Generator | None) -> float:
        """A run has its own electron temperature about the law."""
        return 0.0 if rng is None else float(self.light.temperature_spread * rng.standard_normal())

    def acquire(
        self,
        subject: Course,
        chosen: Mapping[str, float],
        errors: SpectrometerErrors,
        mounting: float,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """Spectra evenly over the time in which the plasma burns, and one with the shutter closed."""
        lit_s = subject.time_s[subject.burning]
        if not len(lit_s):
            raise InvalidInputError("course", "no plasma", "a run whose plasma burns")
        exposures = round(chosen["exposures"])
        course = at_instants(subject, np.linspace(lit_s[0], lit_s[-1], exposures))
        d = self.detector
        edges = pixel_edges_nm(d.first_nm, d.last_nm, round(d.pixels))
        amplitudes = np.array([self.rate_per_s(course, name, mounting) for name in self.lines])
        amplitudes *= (1.0 + np.array([errors.response[name] for name in self.lines]))[:, None]
        amplitudes *= chosen["exposure_s"] * chosen["width_nm"]
        continuum = self.light.continuum * amplitudes[list(self.lines).index("ar_750")]
        shapes = _shapes(
            tuple(line.wavelength_nm + errors.shift_nm for line in self.lines.values()), chosen["width_nm"], d
        )
        light = amplitudes.T @ shapes + continuum[:, None] * np.diff(edges)
        light += d.stray * light.sum(axis=1, keepdims=True)
        dark = np.full(len(edges) - 1, d.dark_per_s * chosen["exposure_s"])
        raw = {
            "time_s": course.time_s,
            "wavelength_nm": 0.5 * (edges[1:] + edges[:-1]),
            "counts": self._read(light + dark, rng),
            "dark_counts": self._dark(dark, exposures, rng),
            "pressure_pa": course.pressure_pa * (1.0 + errors.pressure),
        }
        return Acquisition(raw, self._known(chosen, exposures))

    def rate_per_s(self, course: Course, line: str, deviation: float) -> Floats:
        """Noiseless counts a second in one line behind the window, at a slit of 1 nm; 0 without plasma."""
        if line not in self.lines:
            raise unknown_name("line", line, self.lines)
        lit = course.burning
        pressure = np.where(lit, course.pressure_pa, 1.0)
        temperature = emission_lines.electron_temperature_ev(pressure, deviation, self.plasma)
        electrons = emission_lines.electron_density_m3(course.current_a, self.plasma)
        emitting, parent = self._densities_m3(course, line, electrons, temperature)
        photons = emission_lines.photons_m3_s(emitting, parent, electrons, temperature, self.lines[line])
        return np.where(lit, self.light.collected_m3 * course.window_transmission * photons, 0.0)

    def oxygen_to_argon(self, course: Course, deviation: float) -> Floats:
        """What actinometry seeks: density of oxygen atoms over that of argon where the plasma burns."""
        lit = at_instants(course, course.time_s[course.burning])
        temperature = emission_lines.electron_temperature_ev(lit.pressure_pa, deviation, self.plasma)
        electrons = emission_lines.electron_density_m3(lit.current_a, self.plasma)
        atoms, _ = self._densities_m3(lit, "o_844", electrons, temperature)
        argon, _ = self._densities_m3(lit, "ar_750", electrons, temperature)
        return atoms / argon

    def monitored_per_s(
        self, course: Course, line: str, errors: SpectrometerErrors, mounting: float, rng: np.random.Generator | None
    ) -> Floats:
        """The fast signal of one line: counts a second of one exposure of the monitor at each instant."""
        exposure_s = self.monitor.exposure_s
        mean = self.rate_per_s(course, line, mounting) * (1.0 + errors.response[line]) * exposure_s
        if rng is None:
            return mean / exposure_s
        read = self.detector.read_noise * rng.standard_normal(len(mean))
        return (rng.poisson(mean) + read) / exposure_s

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.process.emission_analysis`."""
        return analyse(raw, settings)

    def _densities_m3(
        self, course: Course, line: str, electrons_m3: Floats, temperature_ev: Floats
    ) -> tuple[Floats, Floats]:
        """Density of what emits the line, and of the molecule it may be born of."""

        def gas(name: str) -> Floats:
            density: Floats = gas_density_m3(course.pressures_pa[name], self.plasma.gas_temperature_k)
            return density

        species = line.partition("_")[0]
        if species == "o":
            molecules = gas("o2")
            atoms: Floats = emission_lines.oxygen_atoms_m3(
                molecules, electrons_m3, temperature_ev, course.collector_coverage, self.plasma
            )
            return atoms, molecules
        if species in course.pressures_pa:
            return gas(species), np.zeros_like(course.time_s)
        leaving = course.metals_per_s.get(species, np.zeros_like(course.time_s))
        metal: Floats = emission_lines.metal_atoms_m3(leaving, course.target_area_m2, self.plasma)
        return metal, np.zeros_like(course.time_s)

    def _read(self, expected: Floats, rng: np.random.Generator | None) -> Floats:
        """Counts of the converter, which ends at the full well."""
        d = self.detector
        if rng is None:
            return np.minimum(expected + d.bias, d.full_well)
        electrons = rng.poisson(expected) + d.read_noise * rng.standard_normal(expected.shape)
        return np.minimum(np.rint(electrons + d.bias), d.full_well)

    def _dark(self, expected: Floats, exposures: int, rng: np.random.Generator | None) -> Floats:
        """Mean of as many exposures with the shutter closed."""
        d = self.detector
        if rng is None:
            return expected + d.bias
        read = d.read_noise / np.sqrt(exposures) * rng.standard_normal(expected.shape)
        counts: Floats = rng.poisson(expected * exposures) / exposures + read + d.bias
        return counts

    def _known(self, chosen: Mapping[str, float], exposures: int) -> Settings:
        """What the operator and the data sheet know, in the names that the analysis asks for."""
        d, p, light = self.detector, self.plasma, self.light
        lines = {
            f"{name}_{field}": value for name, line in self.lines.items() for field, value in line._asdict().items()
        }
        return {
            "lines": " ".join(self.lines),
            **lines,
            "full_well": d.full_well,
            "read_noise": d.read_noise,
            "response_sigma": d.response_sigma,
            "temperature_ev": p.temperature_ev,
            "temperature_spread": light.temperature_spread,
            "temperature_exponent": p.temperature_exponent,
            "reference_pressure_pa": p.reference_pressure_pa,
            "duration_s": 2.0 * exposures * chosen["exposure_s"],
        }


@lru_cache(maxsize=64)
def _shapes(centres_nm: tuple[float, ...], width_nm: float, detector: Detector) -> Floats:
    edges = pixel_edges_nm(detector.first_nm, detector.last_nm, round(detector.pixels))
    return np.array([profile(edges, centre, width_nm) for centre in centres_nm])
