"""Shared: true courses of short runs in the laboratory's chamber, from metallic to poisoned."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from tansaki.twin.deposition.chamber import open_chamber
from tansaki.twin.deposition.course import Course
from tansaki.twin.deposition.drift import ChamberState
from tansaki.twin.records import Deposition

CourseAt = Callable[..., Course]


@cache
def _course(oxygen_pa: float, argon_pa: float, power_w: float, temperature_c: float) -> Course:
    deposition = Deposition(power_w, argon_pa, temperature_c, 20000.0, 0.06, oxygen_pa, thickness_nm=10.0)
    return open_chamber().deposit(deposition, ChamberState(), np.random.default_rng(0)).course


@pytest.fixture(scope="session")
def course_at() -> CourseAt:
    def course(
        oxygen_pa: float = 2e-3, argon_pa: float = 1.0, power_w: float = 120.0, temperature_c: float = 25.0
    ) -> Course:
        return _course(oxygen_pa, argon_pa, power_w, temperature_c)

    return course


@pytest.fixture(scope="session")
def course(course_at: CourseAt) -> Course:
    return course_at()
