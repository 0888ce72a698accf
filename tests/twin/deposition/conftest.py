import pytest

from tansaki.twin.deposition.reactive_gas import BergParameters
from tansaki.twin.quantities import load


@pytest.fixture(scope="session")
def t3() -> BergParameters:
    """Ti/O2 on a 3-inch magnetron: the reference set."""
    return load("instruments", "sputter_t3").parameters("reactive_gas", BergParameters)
