"""Instruments that watch the process: the measurement chain with the true course of a run as its subject.

`calibrate` draws what stays for a session, `mount` what stays for one run, and every reading has its own noise.
"""

from functools import cache
from typing import Any, Final

from tansaki.twin.deposition.course import Course
from tansaki.twin.measurement.instrument import C, M, MeasurementChain, class_at
from tansaki.twin.quantities import load

PROCESS_INSTRUMENTS: Final = {
    "process_gauges": "process.process_gauges:ProcessGauges",
    "emission_spectrometer": "process.emission_spectrometer:EmissionSpectrometer",
    "residual_gas_analyser": "process.residual_gas_analyser:ResidualGasAnalyser",
}
"""Where each instrument is; the names are those of the files in twin/instruments."""


class ProcessInstrument(MeasurementChain[Course, C, M]):
    """One kind of instrument that watches a chamber."""


@cache
def open_process_instrument(name: str) -> ProcessInstrument[Any, Any]:
    """The instrument `name` with the values of its file; the same object for the same name."""
    found: ProcessInstrument[Any, Any] = class_at(name, PROCESS_INSTRUMENTS)(load("instruments", name))
    return found
