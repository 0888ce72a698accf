"""Van der Pauw and Hall station: hidden film → voltages between four corner contacts → record.

Order of events: contacts go onto the corners (`Mounting`: how far each covers its two edges, contact resistances,
thermal voltages, how the film answers to heat, the step for the thickness); the source looks for its current range;
four pairs of terminals are read without field, then the two diagonals at +B and, in opposite order, at −B, each with
alternating current. Terminals are written as digits: current in, current out, V₊, V₋ of contacts 1 to 4,
counterclockwise as seen from where +B points to. Errors of `Errors` stay for a session. The analysis knows the
specified sizes of the errors and never their values.
"""

import math
from collections.abc import Mapping
from typing import ClassVar, Final, NamedTuple

import numpy as np

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.electrical import hall_analysis, step_height, van_der_pauw
from tansaki.twin.measurement.electrical.hall_analysis import DIAGONALS, SIDES
from tansaki.twin.measurement.electrical.source_meter import (
    Floats,
    MeterErrors,
    Ranges,
    ThermalVoltage,
    source_meter,
)
from tansaki.twin.measurement.electrical.step_height import Stylus
from tansaki.twin.measurement.instrument import Acquisition, Analysis, Instrument, Settings
from tansaki.twin.quantities import DataFile, load
from tansaki.twin.records import Array, Column
from tansaki.twin.specimens.specimen import Charge, Specimen

_NOT_SQUARE: Final = 0.01
"""Largest relative difference between length and width."""


class Contacts(NamedTuple):
    """Section [contacts]."""

    arm_m: float
    arm_spread: float
    contact_ohm: float
    contact_spread: float


class HeatedFilm(NamedTuple):
    """Section [film]: how the resistance answers to heat."""

    temperature_coefficient_per_k: float
    """Standard deviation between films."""
    thermal_k_w: float
    thermal_s: float
    wander_k: float
    wander_s: float
    uneven: float
    """Standard deviation between films of the relative fall of the thickness from the centre to an edge."""


class Method(NamedTuple):
    """Section [method]."""

    reading_s: float
    field_settle_s: float
    handling_s: float
    field_gain: float
    limit_voltage_v: float
    target_voltage_v: float
    temperature_k: float


class Errors(NamedTuple):
    """Actual errors of one session."""

    meter: MeterErrors
    field_gain: float
    stylus_gain: float


class Mounting(NamedTuple):
    """The contacts of one sample, and what stays as long as they do."""

    angle_rad: tuple[float, float, float, float]
    """Of the middle of each contact on the disc."""
    half_rad: tuple[float, float, float, float]
    contact_ohm: tuple[float, float, float, float]
    emf_v: tuple[float, ...]
    """By terminals, in the order of `SIDES` and `DIAGONALS`."""
    temperature_coefficient_per_k: float
    step_error_m: float


class _Block(NamedTuple):
    """Readings with one pair of terminals at one field."""

    terminals: int
    field_t: float
    start_s: float


class HallStation(Instrument[Errors, Mounting]):
    """Sheet resistance, sheet carrier density and mobility of a square film, with its thickness density and ρ too."""

    name = "hall_station"
    columns: ClassVar = {
        "time_s": Column("s", role="axis"),
        "terminals": Column("1", ("time_s",), "status"),
        "field_t": Column("T", ("time_s",)),
        "current_a": Column("A", ("time_s",)),
        "voltage_v": Column("V", ("time_s",)),
        "compliance": Column("1", ("time_s",), "status"),
        "step_height_m": Column("m"),
    }

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        self.contacts = file.parameters("contacts", Contacts)
        self.film = file.parameters("film", HeatedFilm)
        self.method = file.parameters("method", Method)
        self.thermal = file.parameters("thermal_voltage", ThermalVoltage)
        self.stylus = load("instruments", "four_point_probe").parameters("stylus", Stylus)
        self.meter = source_meter()

    def calibrate(self, rng: np.random.Generator | None) -> Errors:
        """Source and meter, field, height standard of the stylus."""
        meter = self.meter.calibrate(rng)
        field, stylus = (0.0, 0.0) if rng is None else rng.standard_normal(2).tolist()
        return Errors(meter, self.method.field_gain * field, self.stylus.gain * stylus)

    def mount(self, specimen: Specimen, rng: np.random.Generator | None) -> Mounting:
        """Put contacts onto the corners; alike and as specified without `rng`."""
        sample, c = (specimen.length_m, specimen.width_m), self.contacts
        if abs(sample[0] - sample[1]) > _NOT_SQUARE * max(sample):
            raise InvalidInputError("specimen", sample, "a square sample: length and width within 1 %")
        if c.arm_m > 0.15 * min(sample):
            raise InvalidInputError("specimen", sample, f"a side of more than 7 contact lengths of {c.arm_m} m")
        normals = np.zeros(20) if rng is None else rng.standard_normal(20)
        arms = c.arm_m * np.exp(c.arm_spread * normals[:8])
        if rng is not None:
            # The arc goes as the square of the arm: its mean is that of the specified arm.
            arms *= math.exp(-(c.arm_spread**2))
        arcs = van_der_pauw.corner_angle(np.minimum(arms, 0.24 * min(sample)), math.sqrt(sample[0] * sample[1]))
        before, after = arcs[:4], arcs[4:]
        corner = math.pi * (0.25 + 0.5 * np.arange(4))
        return Mounting(
            tuple((corner + 0.5 * (after - before)).tolist()),
            tuple((0.5 * (after + before)).tolist()),
            tuple((c.contact_ohm * np.exp(c.contact_spread * normals[8:12])).tolist()),
            tuple((self.thermal.emf_v * normals[12:18]).tolist()),
            self.film.temperature_coefficient_per_k * float(normals[18]),
            self.stylus.step_m * float(normals[19]),
        )

    def acquire(
        self,
        specimen: Specimen,
        chosen: Mapping[str, float],
        errors: Errors,
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> Acquisition:
        """Voltages of every block, and the traces of the stylus across a step."""
        if specimen.charge is None:
            raise InvalidInputError("specimen", specimen.id, "a film that conducts")
        m, thickness = self.method, specimen.thickness_m
        pairs, field_t = int(chosen["reversals"]), chosen["field_t"]
        sheet = specimen.sheet_resistance_ohm_sq
        side_m = math.sqrt(specimen.length_m * specimen.width_m)
        uneven = bind(van_der_pauw, "numba").uneven_factors(specimen.thickness_curvature_per_m2, side_m)
        sensed, driven = _resistances(sheet * uneven[0], mounting)
        hall_ohm = uneven[1] * _hall_ohm(specimen.charge, thickness, field_t * (1.0 + errors.field_gain), mounting)
        emf = dict(zip((*SIDES, *DIAGONALS), mounting.emf_v, strict=True))
        largest = max(abs(sensed[t]) for t in SIDES)
        most_driven = max(driven.values())
        ranges = self.meter.ranges(
            largest, most_driven, max(map(abs, emf.values())), m.target_voltage_v, m.limit_voltage_v
        )
        level = self.meter.current[ranges.source].full_scale_a
        expected = max(abs(level * (sensed[t] + sign * hall_ohm)) + abs(emf[t]) for t in DIAGONALS for sign in (-1, 1))
        hall_range = self.meter.voltage_range(expected)
        blocks = self._blocks(2 * pairs, field_t)
        sign = np.where(np.arange(2 * pairs) % 2 == 1, -1.0, 1.0)
        current = self.meter.flowing_a(sign, ranges, most_driven, m.limit_voltage_v, errors.meter)
        warmed = self._warming(blocks, 2 * pairs, level, driven, mounting, rng)
        voltages = [
            self.meter.readings_v(
                current * (sensed[b.terminals] * (1.0 + warm) + hall_ohm * b.field_t / field_t) + emf[b.terminals],
                abs(sensed[b.terminals]) + largest,
                hall_range if b.field_t else ranges.meter,
                errors.meter,
                self.thermal,
                m.reading_s,
                m.temperature_k,
                rng,
            )
            for b, warm in zip(blocks, warmed, strict=True)
        ]
        clock = m.reading_s * np.arange(1, 2 * pairs + 1)
        raw: Mapping[str, Array] = {
            "time_s": np.concatenate([b.start_s + clock for b in blocks]),
            "terminals": np.repeat([b.terminals for b in blocks], 2 * pairs),
            "field_t": np.repeat([b.field_t for b in blocks], 2 * pairs),
            "current_a": np.tile(sign * level, len(blocks)),
            "voltage_v": np.concatenate(voltages),
            "compliance": np.full(2 * pairs * len(blocks), ranges.limited),
            "step_height_m": step_height.traces(thickness, self.stylus, errors.stylus_gain, mounting.step_error_m, rng),
        }
        read_s = blocks[-1].start_s + m.reading_s * (2 * pairs + ranges.searched)
        return Acquisition(raw, self._known(specimen, ranges, hall_range, read_s))

    @staticmethod
    def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
        """See `tansaki.twin.measurement.electrical.hall_analysis`."""
        return hall_analysis.analyse(raw, settings)

    def _blocks(self, readings: int, field_t: float) -> list[_Block]:
        order = [(t, 0.0) for t in SIDES]
        # The diagonals in opposite order at −B: a steady drift of the misalignment voltage drops out.
        order += [(t, field_t) for t in DIAGONALS] + [(t, -field_t) for t in DIAGONALS[::-1]]
        blocks: list[_Block] = []
        clock_s, field = 0.0, 0.0
        for terminals, wanted in order:
            clock_s += self.method.field_settle_s if wanted != field else 0.0
            blocks.append(_Block(terminals, wanted, clock_s))
            clock_s += self.method.reading_s * readings
            field = wanted
        return blocks

    def _warming(
        self,
        blocks: list[_Block],
        readings: int,
        level_a: float,
        driven: Mapping[int, float],
        mounting: Mounting,
        rng: np.random.Generator | None,
    ) -> list[Floats]:
        """Relative change of the resistance at every reading: I²R warms the film, the stage wanders."""
        film, t = self.film, self.method.reading_s * np.arange(1, readings + 1)
        built_up = -np.expm1(-t / film.thermal_s)
        normals = np.zeros(len(blocks)) if rng is None else rng.standard_normal(len(blocks))
        stage_k = film.wander_k * float(normals[0])
        found = []
        for i, block in enumerate(blocks):
            if i:
                keep = math.exp(-(block.start_s - blocks[i - 1].start_s) / film.wander_s)
                stage_k = keep * stage_k + film.wander_k * math.sqrt(1.0 - keep * keep) * float(normals[i])
            power_w = level_a * level_a * driven[block.terminals]
            found.append(mounting.temperature_coefficient_per_k * (stage_k + film.thermal_k_w * power_w * built_up))
        return found

    def _known(self, specimen: Specimen, ranges: Ranges, hall_range: int, read_s: float) -> Settings:
        """What the operator and the data sheets know, in the names that the analysis asks for."""
        span = self.meter.voltage[hall_range]
        return {
            "sample_side_m": math.sqrt(specimen.length_m * specimen.width_m),
            "arm_m": self.contacts.arm_m,
            "arm_spread": self.contacts.arm_spread,
            "field_gain": self.method.field_gain,
            "temperature_coefficient_per_k": self.film.temperature_coefficient_per_k,
            "thermal_k_w": self.film.thermal_k_w,
            "wander_k": self.film.wander_k,
            "wander_s": self.film.wander_s,
            "uneven": self.film.uneven,
            "limit_voltage_v": self.method.limit_voltage_v,
            **self.meter.known(ranges),
            "hall_voltage_range_v": span.full_scale_v,
            "hall_voltage_gain": span.gain,
            **step_height.known(self.stylus),
            "duration_s": self.method.handling_s + read_s + self.stylus.duration_s,
        }


def _resistances(sheet: float, mounting: Mounting) -> tuple[dict[int, float], dict[int, float]]:
    """(V/I sensed, V/I that the source must drive) by terminals, without field, ohm."""
    compiled = bind(van_der_pauw, "numba")
    angle, half, contact = mounting.angle_rad, mounting.half_rad, mounting.contact_ohm
    apparent = sheet * compiled.resistance_factor(half)
    sensed, driven = {}, {}
    for terminals in (*SIDES, *DIAGONALS):
        a, b, p, m = (int(digit) - 1 for digit in str(terminals))
        sensed[terminals] = apparent * compiled.transfer_resistance(angle[a], angle[b], angle[p], angle[m])
        spread = compiled.driven_resistance(angle[a], angle[b], half[a], half[b])
        driven[terminals] = sheet * spread + contact[a] + contact[b]
    return sensed, driven


def _hall_ohm(charge: Charge, thickness_m: float, field_t: float, mounting: Mounting) -> float:
    compiled = bind(van_der_pauw, "numba")
    full = compiled.hall_resistance(field_t, charge.carrier_density_m3 * thickness_m, float(charge.sign))
    return float(full * compiled.hall_factor(mounting.half_rad))
