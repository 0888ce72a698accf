"""Film thickness from a stylus trace across a step: height standard and levelling err alike in every trace."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.records import Derived


class Stylus(NamedTuple):
    """Section [stylus] of an instrument file."""

    step_m: float
    gain: float
    repeatability_m: float
    readings: float
    duration_s: float


SETTINGS = ("stylus_step_m", "stylus_gain", "stylus_repeatability_m")
"""What `thickness_m` needs to know."""


def known(stylus: Stylus) -> dict[str, float]:
    """The sizes of a stylus' errors, as settings of a record."""
    return dict(zip(SETTINGS, (stylus.step_m, stylus.gain, stylus.repeatability_m), strict=True))


def traces(
    thickness_m: float, stylus: Stylus, gain_error: float, step_error_m: float, rng: np.random.Generator | None
) -> NDArray[np.float64]:
    """Step heights (m) that repeated traces read.

    `gain_error` belongs to the session, `step_error_m` to the step; without `rng` there is no random error.
    """
    number = int(stylus.readings)
    noise = np.zeros(number) if rng is None else rng.standard_normal(number)
    return thickness_m * (1.0 + gain_error) + step_error_m + stylus.repeatability_m * noise


def thickness_m(heights_m: NDArray[np.generic], settings: Mapping[str, float | int | str]) -> Derived:
    """Mean height; u² = repeatability²/n + step² + (gain·h)², the last two systematic."""
    height = float(heights_m.mean())
    random = float(settings["stylus_repeatability_m"]) / math.sqrt(len(heights_m))
    systematic = math.hypot(float(settings["stylus_step_m"]), float(settings["stylus_gain"]) * height)
    return Derived(height, math.hypot(random, systematic), "m", systematic)
