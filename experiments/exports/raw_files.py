"""Raw arrays as files that other programs open, and that ``tansaki analyse`` reads again."""

from datetime import datetime
from pathlib import Path

import numpy as np

from tansaki.experiments.exports.campaign_records import measurement_times, provenance_of
from tansaki.hardware.files.columns import write_columns
from tansaki.hardware.files.ras import TIME, pairs_of, write_scan
from tansaki.twin.records import Experiment, Measurement

SCANS = ("x_ray_diffractometer", "x_ray_reflectometer")


def write_raw(place: Path, experiment: Experiment, measurement: Measurement, order: int) -> list[Path]:
    """Write the raw arrays into the folder `place`.

    An X-ray scan becomes a ``.ras`` file; else all arrays of one dimension that hold real numbers share one CSV
    file, and each other one has a NumPy file.
    """
    stem = f"{experiment.number:04d}_{order:02d}_{measurement.instrument.replace(' ', '_')}"
    if measurement.instrument in SCANS:
        path = place / f"{stem}.ras"
        path.write_text(scan_file(experiment, measurement), encoding="utf-8")
        return [path]
    made = []
    flat = {name: array for name, array in measurement.raw.items() if array.ndim == 1 and array.dtype.kind in "biuf"}
    if flat:
        notes = {**provenance_of(experiment), "sample": experiment.sample_id, "calibration": measurement.calibration_id}
        notes["started"] = measurement_times(experiment, measurement)[0]
        path = place / f"{stem}.csv"
        path.write_text(write_columns(flat, measurement.settings, notes), encoding="utf-8")
        made.append(path)
    for name, array in measurement.raw.items():
        if name not in flat:
            path = place / f"{stem}_{name}.npy"
            np.save(path, array, allow_pickle=False)
            made.append(path)
    return made


def scan_file(experiment: Experiment, measurement: Measurement) -> str:
    """Text of the ``.ras`` file of an X-ray scan; origin, version and seed stand in its comment."""
    raw = {name: np.asarray(array, dtype=float) for name, array in measurement.raw.items()}
    angle = raw["two_theta_deg"]
    counts = raw["counts"] if "counts" in raw else raw["intensity_counts"]
    settings = measurement.settings
    begun, ended = measurement_times(experiment, measurement)

    def known(name: str, factor: float = 1.0) -> str:
        return f"{float(settings[name]) * factor:.10g}" if name in settings else ""

    notes = {**provenance_of(experiment), "calibration": measurement.calibration_id, "started": begun}
    header = {
        "FILE_SAMPLE": experiment.sample_id,
        "FILE_COMMENT": pairs_of({name: value for name, value in notes.items() if value}),
        "FILE_MEMO": pairs_of(settings),
        "FILE_OPERATOR": experiment.commission.operator if experiment.commission else "",
        "HW_COUNTER_SELECT_NAME": measurement.equipment.model if measurement.equipment else "",
        "HW_XG_TARGET_NAME": "Cu",
        "HW_XG_CURRENT_UNIT": "mA",
        "HW_XG_VOLTAGE_UNIT": "kV",
        "HW_XG_WAVE_LENGTH_ALPHA1": known("wavelength_1_m", 1e10) or known("wavelength_m", 1e10),
        "HW_XG_WAVE_LENGTH_ALPHA2": known("wavelength_2_m", 1e10),
        "HW_XG_WAVE_LENGTH_BETA": known("wavelength_beta_m", 1e10),
        "MEAS_COND_XG_CURRENT": known("tube_current_ma"),
        "MEAS_COND_XG_VOLTAGE": known("tube_voltage_kv"),
        "MEAS_COND_OPT_ATTR": "BB",
        "MEAS_COND_XG_WAVE_TYPE": "Ka",
        "MEAS_SCAN_AXIS_X": "TwoThetaTheta",
        "MEAS_SCAN_MODE": "CONTINUOUS",
        "MEAS_SCAN_START": f"{angle[0]:.4f}",
        "MEAS_SCAN_STOP": f"{angle[-1]:.4f}",
        "MEAS_SCAN_STEP": f"{(angle[-1] - angle[0]) / max(len(angle) - 1, 1):.4f}",
        "MEAS_SCAN_SPEED": known("speed_deg_min"),
        "MEAS_SCAN_SPEED_UNIT": "deg/min",
        "MEAS_SCAN_START_TIME": _header_time(begun),
        "MEAS_SCAN_END_TIME": _header_time(ended),
        "MEAS_SCAN_UNIT_X": "deg",
        "MEAS_SCAN_UNIT_Y": "counts",
    }
    return write_scan(header, angle, counts, raw.get("attenuation"))


def _header_time(text: str) -> str:
    return datetime.fromisoformat(text).strftime(TIME) if text else ""
