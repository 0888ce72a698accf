"""Quadrupole residual gas analyser: course of a run → ion currents by mass over charge.

::

    i_m = G Σ_g S_g (ρ p_g + b_g) c_gm

with the multiplier's gain G, sensitivities S, the pressure ratio ρ of the differentially pumped inlet, the analyser's
own gas b (also recorded alone, with the inlet shut) and the cracking patterns c. The inlet lags; ions arrive with shot
noise; the electrometer has its own noise and ends at the largest current. The analysis is beside this module.
"""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.deposition.course import Course
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Settings
from tansaki.twin.measurement.process import gauges
from tansaki.twin.measurement.process.instrument import ProcessInstrument
from tansaki.twin.measurement.process.residual_gas_analysis import analyse
from tansaki.twin.quantities import DataFile
from tansaki.twin.records import Array, Column
from tansaki.twin.units import ELEMENTARY_CHARGE_C

Floats = NDArray[np.float64]
PATTERN = "pattern_"


class Analyser(NamedTuple):
    """Section [analyser]."""

    sensitivity_a_pa: float
    """For nitrogen, before the multiplier."""
    largest_mass: float
    largest_current_a: float
    noise_a: float
    """In one second."""
    overhead_s: float


class Inlet(NamedTuple):
    """Section [inlet]."""

    ratio: float
    ratio_sigma: float
    lag_s: float


class Sizes(NamedTuple):
    """Section [errors]: standard deviations of logarithms."""

    gain_sigma: float
    sensitivity_sigma: float
    pattern_sigma: float
    background_sigma: float


class LeakTest(NamedTuple):
    """Section [leak_test]."""

    nitrogen_share: float
    tolerated_nitrogen_pa: float


class AnalyserErrors(NamedTuple):
    """Actual errors of one session, as factors."""

    gain: float
    inlet: float
    responses: Floats
    """(gases, masses): sensitivity and pattern together."""


class ResidualGasAnalyser(ProcessInstrument[AnalyserErrors, float]):
    """Partial pressures; what `mount` draws is how much the analyser's own gas has changed, as a factor."""

    name = "residual_gas_analyser"
    columns: ClassVar = {
        "time_s": Column("s", role="axis"),
        "mass_u": Column("u", role="axis"),
        "ion_current_a": Column("A", ("time_s", "mass_u")),
        "shut_current_a": Column("A", ("mass_u",)),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.analyser = file.parameters("analyser", Analyser)
        self.inlet = file.parameters("inlet", Inlet)
        self.sizes = file.parameters("errors", Sizes)
        self.leak_test = file.parameters("leak_test", LeakTest)
        self.gases = tuple(section.removeprefix(PATTERN) for section in file.sections if section.startswith(PATTERN))
        self.masses = np.arange(1.0, self.analyser.largest_mass + 1.0)
        self.pattern = np.zeros((len(self.gases), len(self.masses)))
        for k, gas in enumerate(self.gases):
            for peak, quantity in file.section(PATTERN + gas).items():
                self.pattern[k, int(peak[1:]) - 1] = quantity.value
        self.sensitivity = np.array([file.section("sensitivity")[gas].value for gas in self.gases])
        self.background_pa = np.array([file.section("background_pa")[gas].value for gas in self.gases])

    def calibrate(self, rng: np.random.Generator | None) -> AnalyserErrors:
        """Gain, inlet, and the response to each gas at each m/z; the largest peak errs with the sensitivity alone."""
        if rng is None:
            return AnalyserErrors(1.0, 1.0, np.ones(self.pattern.shape))
        s = self.sizes
        lesser = self.pattern < 1.0
        sensitivity = s.sensitivity_sigma * rng.standard_normal((len(self.gases), 1))
        peaks = s.pattern_sigma * rng.standard_normal(self.pattern.shape) * lesser
        return AnalyserErrors(
            float(np.exp(s.gain_sigma * rng.standard_normal())),
            float(np.exp(self.inlet.ratio_sigma * rng.standard_normal())),
            np.exp(sensitivity + peaks),
        )

    def mount(self, subject: Course, rng: np.random.Generator | None) -> float:
        """The inlet is opened; the analyser's own gas is not quite what it was when it was recorded."""
        return 1.0 if rng is None else float(np.exp(self.sizes.background_sigma * rng.standard_normal()))

    def acquire(
        self,
        subject: Course,
        chosen: Mapping[str, float],
        errors: AnalyserErrors,
        mounting: float,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """Scans evenly over the burning plasma, or over the whole course where none burns, and one with inlet shut."""
        scans = round(chosen["scans"])
        seen_s = subject.time_s[subject.burning] if np.any(subject.burning) else subject.time_s
        time = np.linspace(seen_s[0], seen_s[-1], scans)
        pressures = np.zeros((scans, len(self.gases)))
        for k, gas in enumerate(self.gases):
            if gas in subject.pressures_pa:
                behind = bind(gauges, "numba").lagged(subject.time_s, subject.pressures_pa[gas], self.inlet.lag_s, 0.0)
                pressures[:, k] = np.interp(time, subject.time_s, behind)
        own = mounting * self.background_pa
        entering = self.inlet.ratio * errors.inlet * pressures
        response = self.analyser.sensitivity_a_pa * self.sensitivity[:, None] * self.pattern * errors.responses
        gain = chosen["multiplier_gain"] * errors.gain
        raw = {
            "time_s": time,
            "mass_u": self.masses,
            "ion_current_a": self._read((entering + own) @ response, gain, chosen["dwell_s"], rng),
            "shut_current_a": self._read(self.background_pa @ response, gain, chosen["dwell_s"] * scans, rng),
        }
        return Acquisition(raw, self._known(chosen, scans))

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.process.residual_gas_analysis`."""
        return analyse(raw, settings)

    def _read(self, ions_a: Floats, gain: float, dwell_s: float, rng: np.random.Generator | None) -> Floats:
        """Current behind the multiplier."""
        a = self.analyser
        if rng is None:
            return np.minimum(gain * ions_a, a.largest_current_a)
        counted = rng.poisson(ions_a * dwell_s / ELEMENTARY_CHARGE_C) * ELEMENTARY_CHARGE_C / dwell_s
        noise = a.noise_a / np.sqrt(dwell_s) * rng.standard_normal(ions_a.shape)
        shown: Floats = np.minimum(gain * counted + noise, a.largest_current_a)
        return shown

    def _known(self, chosen: Mapping[str, float], scans: int) -> Settings:
        """What the operator and the data sheet know, in the names that the analysis asks for."""
        a, s = self.analyser, self.sizes
        peaks = {
            f"{gas}_{mass:g}": float(share)
            for gas, row in zip(self.gases, self.pattern, strict=True)
            for mass, share in zip(self.masses, row, strict=True)
            if share > 0.0
        }
        sensitivities = {
            f"{gas}_sensitivity": float(value) for gas, value in zip(self.gases, self.sensitivity, strict=True)
        }
        scan_s = len(self.masses) * chosen["dwell_s"] + a.overhead_s
        return {
            "gases": " ".join(self.gases),
            **peaks,
            **sensitivities,
            "sensitivity_a_pa": a.sensitivity_a_pa,
            "largest_current_a": a.largest_current_a,
            "noise_a": a.noise_a,
            "inlet_ratio": self.inlet.ratio,
            "scale_sigma": float(np.hypot(s.gain_sigma, self.inlet.ratio_sigma)),
            "sensitivity_sigma": s.sensitivity_sigma,
            "pattern_sigma": s.pattern_sigma,
            "background_sigma": s.background_sigma,
            **self.leak_test._asdict(),
            "duration_s": 2.0 * scans * scan_s,
        }
