"""A sputter chamber that carries out one `Deposition`: heat, ignite, pre-sputter, open the shutter, grow, close.

The equations are in the neighbouring modules; here a recipe meets the condition of the chamber, and what comes back
is what a laboratory would have: conditions at the substrate (hidden), process trace, time, the chamber afterwards.
Pumping, cooling and handling belong to the laboratory around it.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.backends import bind
from tansaki.twin.deposition import process, reactive_gas, slices
from tansaki.twin.deposition.arcs import ArcParameters, arc_rate_per_s, drawn_arcs
from tansaki.twin.deposition.control import ControlParameters, Settings
from tansaki.twin.deposition.course import Course
from tansaki.twin.deposition.discharge import DischargeParameters, GasHeating, gas_temperature_k, rates_at
from tansaki.twin.deposition.drift import (
    ChamberState,
    DriftParameters,
    advanced,
    outgassing_sccm,
    wear_factor,
    window_transmission,
)
from tansaki.twin.deposition.flow_steps import as_array, check_flow_steps
from tansaki.twin.deposition.gas_path import GasPath, edge_to_centre, free_edge_to_centre
from tansaki.twin.deposition.negative_ions import NegativeIons
from tansaki.twin.deposition.process import Outcome
from tansaki.twin.deposition.reactive_gas import BergParameters, Rates
from tansaki.twin.deposition.sources import annulus_flux_m2
from tansaki.twin.deposition.transport import Passage, TransportParameters
from tansaki.twin.deposition.transport_table import gas_path
from tansaki.twin.draw import drawn_chamber
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.quantities import load
from tansaki.twin.records import Deposition, GrowthConditions, Status, Trace
from tansaki.twin.units import MILLIPASCAL_PER_PASCAL, ZERO_CELSIUS_K

LARGEST_TRACE = 600
HEATING_SAMPLES = 40
EDGE = 1e-6
METAL = "ti"
"""Metal of the target; its dopant flies along, too dilute to matter for rate and energy."""
DOPANT = "nb"
Floats = NDArray[np.float64]


class HandlingParameters(NamedTuple):
    """Heater, ignition, monitor and what surrounds the plasma."""

    base_pressure_pa: float
    idle_temperature_c: float
    heater_time_s: float
    heater_tolerance_k: float
    ignition_pressure_pa: float
    """Argon pressure at which half of the attempts ignite, at high power."""
    ignition_power_w: float
    """Power at which half of the attempts ignite, at high pressure."""
    ignition_width: float
    """Width of both logistics in the natural logarithm."""
    ignition_attempt_s: float
    """How long ignition is tried before the run is given up."""
    monitor_sigma: float
    """Relative calibration error of the thickness monitor, drawn once a run."""


class ResidualGas(NamedTuple):
    """What the pump leaves behind: shares of the base pressure."""

    h2o: float
    n2: float
    h2: float
    co2: float


@dataclass(frozen=True, slots=True)
class DepositionRun:
    """What came of one `Deposition`."""

    status: Status
    message: str
    conditions: tuple[GrowthConditions, ...]
    """Hidden truth for the film, bottom first: one slice where growth was steady, none where nothing grew."""
    course: Course
    """Hidden truth for the instruments that watch the process."""
    duration_s: float
    """From the start of heating to the closed shutter."""
    state: ChamberState
    """The chamber afterwards."""

    @property
    def trace(self) -> Trace:
        """The run as sensors without lag and error would show it, and the two readings that the run depended on."""
        course = self.course
        return Trace(
            course.time_s,
            {
                "pressure_pa": course.pressure_pa,
                "oxygen_pressure_pa": course.oxygen_reading_pa,
                "oxygen_flow_sccm": course.oxygen_flow_sccm,
                "voltage_v": course.voltage_v,
                "current_a": course.current_a,
                "substrate_temperature_c": course.substrate_temperature_c,
                "metal_per_s": course.metal_per_s,
                "deposited_nm": course.deposited_reading_nm,
                "arcs": course.arcs,
            },
            course.events,
        )


@dataclass(frozen=True, slots=True)
class Chamber:
    """One chamber with its parameters; `open_chamber` reads it from twin/instruments."""

    name: str
    berg: BergParameters
    discharge: DischargeParameters
    transport: TransportParameters
    gas_heating: GasHeating
    path: GasPath
    """Of the metal of the target."""
    negative_ions: NegativeIons
    control: ControlParameters
    handling: HandlingParameters
    residual: ResidualGas
    drift: DriftParameters
    arcs: ArcParameters

    def ignition_probability(self, argon_pressure_pa: float, power_w: float) -> float:
        """Product of two logistics in ln(pressure) and ln(power)."""
        h = self.handling
        enough_gas = _logistic(math.log(argon_pressure_pa / h.ignition_pressure_pa) / h.ignition_width)
        enough_power = _logistic(math.log(power_w / h.ignition_power_w) / h.ignition_width)
        return enough_gas * enough_power

    def passage(self, deposition: Deposition) -> Passage:
        """The way of the metal through the gas that this plasma heats."""
        heated = float(gas_temperature_k(deposition.power_w, deposition.pressure_pa, self.gas_heating))
        return Passage(self.transport, self.path, self.negative_ions, self.discharge.compound_electron_yield, heated)

    def thickness_curvature_per_m2(self, deposition: Deposition) -> float:
        """Relative fall of the layer's thickness over the square of the distance from the axis, near it, 1/m².

        The collision-free profile of the racetrack times what the gas evens out, [t(R)/t₀(R)]^(r²/R²) with the edge R
        of the transport table; taken at r = R/10.
        """
        path, distance_m = self.path, self.transport.distance_m
        heated = self.passage(deposition).gas_temperature_k
        evened = edge_to_centre(deposition.pressure_pa, distance_m, heated, path) / free_edge_to_centre(
            distance_m, path
        )
        radius_m = 0.1 * path.wafer_radius_m
        near, centre = (
            annulus_flux_m2(r, distance_m, path.inner_radius_m, path.outer_radius_m) for r in (radius_m, 0.0)
        )
        return float(1.0 - near / centre * evened**0.01) / radius_m**2

    def deposit(
        self,
        deposition: Deposition,
        state: ChamberState,
        generator: np.random.Generator,
        *,
        noise: bool = True,
        drift: bool = True,
        fast_forward: bool = True,
    ) -> DepositionRun:
        """Carry out one layer.

        `generator` is drawn from in a fixed order (ignition, monitor, gauge drift, gauge noise, arcs). With `noise`
        off every normal is zero, nothing arcs and the plasma ignites where that is more likely than not; with `drift`
        off the chamber is as new and stays so. `fast_forward` off steps the growth of a settled chamber as well (for
        checking; slow).

        Raises `InvalidInputError` for a recipe that no chamber could carry out. A plasma that does not ignite is
        status ``failed``; a film grown in a chamber that had not settled when the shutter opened, or thick enough
        before a step of the flow, is ``partial``.
        """
        self._refuse_nonsense(deposition)
        chance, monitor_normal, gauge_normal = generator.random(), generator.normal(), generator.normal()
        if not noise:
            chance, monitor_normal, gauge_normal = 0.5, 0.0, 0.0
        before = state if drift else ChamberState()
        heating_s = self._heating_s(deposition.substrate_temperature_c)
        likely = self.ignition_probability(deposition.pressure_pa, deposition.power_w)
        if chance > likely:
            attempt = self.handling.ignition_attempt_s
            dark = np.zeros((2, len(process.CHANNELS)))
            dark[1, 0] = attempt
            ended = ((heating_s, "ignition failed"),)
            return DepositionRun(
                "failed",
                f"plasma not ignited at {deposition.pressure_pa:.3g} Pa argon and {deposition.power_w:.3g} W",
                (),
                self._course(deposition, before, heating_s, dark, np.zeros(0), ended),
                heating_s + attempt,
                state,
            )
        settings = self._settings(
            deposition, before, 1.0 + self.handling.monitor_sigma * monitor_normal, noise, fast_forward
        )
        samples = np.zeros((LARGEST_TRACE - HEATING_SAMPLES, len(process.CHANNELS)))
        film = np.zeros((slices.MOST_SLICES, slices.COLUMNS))
        outcome: Outcome = bind(process, "numba").run(
            settings,
            as_array(deposition),
            _rates(self.berg),
            self.berg,
            self.discharge,
            self.passage(deposition),
            self.control,
            generator,
            samples,
            film,
        )
        plasma_s = outcome.presputter_s + outcome.growth_s
        oxygen_pa = outcome.oxygen_millipa / MILLIPASCAL_PER_PASCAL
        after = advanced(
            before,
            self.drift,
            plasma_s=plasma_s,
            power_w=deposition.power_w,
            oxygen_pa=oxygen_pa,
            normal=gauge_normal,
        )
        lit = samples[: outcome.samples]
        arcs_s = self._arcs_s(lit, generator) if noise else np.zeros(0)
        events = self._events(deposition, heating_s, outcome, settings)
        message = _shortcomings(deposition, outcome)
        return DepositionRun(
            "partial" if message else "ok",
            message,
            tuple(_conditions(deposition, piece) for piece in film[: outcome.slices]),
            self._course(deposition, before, heating_s, lit, arcs_s, events),
            heating_s + plasma_s,
            after if drift else state,
        )

    def _settings(
        self, deposition: Deposition, before: ChamberState, monitor_gain: float, noise: bool, fast_forward: bool
    ) -> Settings:
        wanted = deposition.thickness_nm
        return Settings(
            power_w=float(deposition.power_w),
            argon_pressure_pa=float(deposition.pressure_pa),
            set_point_millipa=float((deposition.oxygen_pressure_pa or 0.0) * MILLIPASCAL_PER_PASCAL),
            flow_sccm=float(deposition.oxygen_flow_sccm or 0.0),
            monitor_thickness_m=math.inf if wanted is None else wanted * 1e-9,
            open_s=float(deposition.duration_s),
            growth_sample_s=max(1.0, deposition.duration_s / 300.0),
            wear_factor=wear_factor(before, self.drift),
            outgassing_sccm=outgassing_sccm(before, self.drift),
            gauge_gain=1.0 + before.gauge_error,
            monitor_gain=monitor_gain,
            noise=float(noise),
            fast_forward=float(fast_forward),
        )

    def _arcs_s(self, lit: Floats, generator: np.random.Generator) -> Floats:
        """Instants of the arcs after ignition; their rate is that of the coverage half way between samples."""
        midway = 0.5 * (lit[1:, 5] + lit[:-1, 5])
        return drawn_arcs(lit[:, 0], arc_rate_per_s(midway, 0.0, self.arcs), self.arcs, generator).times_s

    def _heating_s(self, temperature_c: float) -> float:
        """Time in which a heater of first order comes within its tolerance."""
        rise = abs(temperature_c - self.handling.idle_temperature_c)
        return self.handling.heater_time_s * math.log(max(rise / self.handling.heater_tolerance_k, 1.0))

    def _course(
        self,
        deposition: Deposition,
        before: ChamberState,
        heating_s: float,
        lit: Floats,
        arcs_s: Floats,
        events: tuple[tuple[float, str], ...],
    ) -> Course:
        """Heating (base pressure, no plasma), then the samples from ignition on."""
        h = self.handling
        heating = np.zeros(0)
        if heating_s > 0.0:
            # the last just before ignition, so that what begins with the plasma does not rise slowly before
            even = np.linspace(0.0, heating_s, HEATING_SAMPLES - 1, endpoint=False)
            heating = np.append(even, heating_s * (1.0 - EDGE))
        time = np.concatenate((heating, heating_s + lit[:, 0]))
        gone = np.exp(-time / h.heater_time_s)
        temperature = deposition.substrate_temperature_c
        voltage = _padded(heating, lit[:, 4])
        coverage = _padded(heating, lit[:, 5])
        metal_per_s = self._metal_per_s(deposition.power_w, voltage, coverage, wear_factor(before, self.drift))
        pressures = {
            "ar": _padded(heating, np.full(len(lit), deposition.pressure_pa)),
            "o2": _padded(heating, lit[:, 2]),
            **{gas: np.full(len(time), share * h.base_pressure_pa) for gas, share in self.residual._asdict().items()},
        }
        return Course(
            time_s=time,
            pressures_pa=pressures,
            oxygen_flow_sccm=_padded(heating, lit[:, 3]),
            target_coverage=coverage,
            collector_coverage=_padded(heating, lit[:, 6]),
            voltage_v=voltage,
            current_a=np.divide(deposition.power_w, voltage, out=np.zeros_like(voltage), where=voltage > 0.0),
            metals_per_s={
                METAL: (1.0 - deposition.dopant_fraction) * metal_per_s,
                DOPANT: deposition.dopant_fraction * metal_per_s,
            },
            window_transmission=np.full(len(time), window_transmission(before, self.drift)),
            substrate_temperature_c=temperature + (h.idle_temperature_c - temperature) * gone,
            oxygen_reading_pa=_padded(heating, lit[:, 1]),
            deposited_reading_nm=1e9 * _padded(heating, lit[:, 7]),
            arcs_s=heating_s + arcs_s,
            events=events,
            idle_temperature_c=h.idle_temperature_c,
            target_area_m2=self.berg.target_area_m2,
        )

    def _metal_per_s(self, power_w: float, voltage_v: Floats, coverage: Floats, wear: float) -> Floats:
        """Metal atoms that leave the target, from bare and covered sites; none without plasma."""
        burning = voltage_v > 0.0
        lit = np.where(burning, voltage_v, self.discharge.reference_voltage_v)
        now = rates_at(lit, power_w, coverage, wear, _rates(self.berg), self.berg, self.discharge)
        layers_per_s = now.metal_erosion * (1.0 - coverage) + now.compound_erosion * coverage
        sites = self.berg.site_density_m2 * self.berg.target_area_m2
        return np.where(burning, sites * layers_per_s, 0.0)

    def _events(
        self, deposition: Deposition, heating_s: float, outcome: Outcome, settings: Settings
    ) -> tuple[tuple[float, str], ...]:
        opened = heating_s + outcome.presputter_s
        closed = opened + outcome.growth_s
        events = [(heating_s, "ignition")]
        if not outcome.settled:
            events.append((opened, "oxygen pressure not settled"))
        events.append((opened, "shutter open"))
        for after_s, flow_sccm in deposition.oxygen_flow_steps[: outcome.flow_steps]:
            events.append((opened + after_s, f"oxygen flow to {flow_sccm:.4g} sccm"))
        if deposition.thickness_nm is not None and outcome.growth_s > settings.open_s - process.STEP_S:
            reading = 1e9 * outcome.thickness_m * settings.monitor_gain
            events.append((closed, f"time limit at {reading:.4g} nm of {deposition.thickness_nm:.4g} nm"))
        events.append((closed, "shutter closed"))
        return tuple(events)

    def _refuse_nonsense(self, deposition: Deposition) -> None:
        positive = ("power_w", "pressure_pa", "duration_s")
        for name in positive:
            if not 0.0 < getattr(deposition, name) < math.inf:
                raise InvalidInputError(f"deposition {name}", getattr(deposition, name), "a finite number above 0")
        pressure, flow = deposition.oxygen_pressure_pa, deposition.oxygen_flow_sccm
        if (pressure is None) == (flow is None):
            raise InvalidInputError(
                "deposition oxygen",
                {"oxygen_pressure_pa": pressure, "oxygen_flow_sccm": flow},
                "exactly one of the two",
                "either the pressure is regulated or the flow is held",
            )
        if pressure is not None and not 0.0 < pressure < math.inf:
            raise InvalidInputError("deposition oxygen_pressure_pa", pressure, "a finite number above 0")
        largest = self.control.largest_flow_sccm
        if flow is not None and not 0.0 <= flow <= largest:
            raise InvalidInputError(
                "deposition oxygen_flow_sccm", flow, f"0 to {largest:g} sccm (mass-flow controller)"
            )
        check_flow_steps(deposition, largest)
        if deposition.thickness_nm is not None and not 0.0 < deposition.thickness_nm < math.inf:
            raise InvalidInputError("deposition thickness_nm", deposition.thickness_nm, "a finite number above 0")
        if not -ZERO_CELSIUS_K < deposition.substrate_temperature_c < math.inf:
            raise InvalidInputError(
                "deposition substrate_temperature_c", deposition.substrate_temperature_c, "above absolute zero"
            )
        if not 0.0 <= deposition.dopant_fraction < 1.0:
            raise InvalidInputError("deposition dopant_fraction", deposition.dopant_fraction, "0 up to below 1")


@cache
def open_chamber(name: str = "sputter_tio2_2inch", world: int | None = None) -> Chamber:
    """The chamber of twin/instruments/`name`.toml; `world` draws its yields, which are uncertain by 30 %."""
    data = load("instruments", name)
    if world is not None:
        data = drawn_chamber(data, world)
    return Chamber(
        data.name,
        data.parameters("reactive_gas", BergParameters),
        data.parameters("discharge", DischargeParameters),
        data.parameters("transport", TransportParameters),
        data.parameters("gas_heating", GasHeating),
        gas_path(METAL),
        data.parameters("negative_ions", NegativeIons),
        data.parameters("control", ControlParameters),
        data.parameters("handling", HandlingParameters),
        data.parameters("residual_gas", ResidualGas),
        data.parameters("drift", DriftParameters),
        data.parameters("arcs", ArcParameters),
    )


@cache
def _rates(berg: BergParameters) -> Rates:
    return Rates(*(float(value) for value in reactive_gas.rates(berg)))


def _conditions(deposition: Deposition, piece: Floats) -> GrowthConditions:
    """One row of slices as the film meets it."""
    thickness_m = float(piece[slices.THICKNESS])
    oxygen_pa = float(piece[slices.OXYGEN]) / thickness_m / MILLIPASCAL_PER_PASCAL
    return GrowthConditions(
        thickness_m=thickness_m,
        rate_m_s=thickness_m / float(piece[slices.DURATION]),
        pressure_pa=deposition.pressure_pa + oxygen_pa,
        oxygen_pressure_pa=oxygen_pa,
        oxygen_coverage=float(piece[slices.COVERAGE]) / thickness_m,
        energy_per_atom_ev=float(piece[slices.ENERGY]) / thickness_m,
        substrate_temperature_k=deposition.substrate_temperature_c + ZERO_CELSIUS_K,
        dopant_fraction=deposition.dopant_fraction,
    )


def _shortcomings(deposition: Deposition, outcome: Outcome) -> str:
    """Why the film is not quite the one that was asked for; empty if it is."""
    found = [] if outcome.settled else ["oxygen pressure not settled when the shutter opened"]
    missed = deposition.oxygen_flow_steps[outcome.flow_steps :]
    if missed:
        found.append(f"shutter closed before the oxygen flow step at {missed[0][0]:.4g} s")
    return "; ".join(found)


def _padded(before: Floats, values: Any) -> Floats:
    return np.concatenate((np.zeros(len(before)), values))


def _logistic(x: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * x))
