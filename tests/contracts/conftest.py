"""What the instruments look at."""

import numpy as np
import pytest

from tansaki.twin.deposition.chamber import open_chamber
from tansaki.twin.deposition.course import Course
from tansaki.twin.deposition.drift import ChamberState
from tansaki.twin.records import Deposition


@pytest.fixture(scope="module")
def course() -> Course:
    deposition = Deposition(120.0, 1.0, 200.0, 20000.0, 0.06, 0.01, thickness_nm=10.0)
    return open_chamber().deposit(deposition, ChamberState(), np.random.default_rng(0)).course
