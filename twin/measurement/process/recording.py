"""The record that a laboratory keeps of every run: what gauges and spectrometer read, not what was true."""

import numpy as np

from tansaki.twin.deposition.course import Course
from tansaki.twin.measurement.process.emission_spectrometer import EmissionSpectrometer, SpectrometerErrors
from tansaki.twin.measurement.process.process_gauges import GaugeErrors, ProcessGauges
from tansaki.twin.records import Trace

METAL_LINE = "ti_500"


def recorded_trace(
    course: Course,
    gauges: tuple[ProcessGauges, GaugeErrors],
    spectrometer: tuple[EmissionSpectrometer, SpectrometerErrors],
    rng: np.random.Generator | None,
) -> Trace:
    """Every channel as read at the instants of the course; each instrument comes with its errors of the session.

    ``emission_metal`` is the fast signal of the metal line, counts a second. Without `rng` there is no noise and the
    run has no errors of its own.
    """
    gauge, gauge_errors = gauges
    light, light_errors = spectrometer
    readings = gauge.readings(course, gauge_errors, gauge.mount(course, rng), rng)
    metal = light.monitored_per_s(course, METAL_LINE, light_errors, light.mount(course, rng), rng)
    return Trace(course.time_s, {**readings, "emission_metal": metal}, course.events)
