"""A table as a laboratory."""

import pytest

from tansaki.hardware.table import Table, TableLaboratory
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.records import Recipe, TableRequest

TABLE = Table("t", "0" * 64, ("x",), "y", "nm", {(1.0,): (5.0, 7.0), (2.0,): (3.0,)})


def test_every_replicate_is_drawn_and_no_other_value() -> None:
    laboratory = TableLaboratory(TABLE, seed=1)
    drawn = {laboratory.run(TableRequest("t", {"x": 1.0}), ["y"]).derived("y").value for _ in range(40)}
    assert drawn == {5.0, 7.0}


def test_what_the_table_does_not_hold_is_refused() -> None:
    laboratory = TableLaboratory(TABLE, seed=1)
    with pytest.raises(InvalidInputError, match="one of the 2 settings"):
        laboratory.submit(TableRequest("t", {"x": 1.5}), ["y"])
    with pytest.raises(InvalidInputError, match="measurement: got 'z'"):
        laboratory.submit(TableRequest("t", {"x": 1.0}), ["z"])
    with pytest.raises(InvalidInputError, match="this laboratory is a table"):
        laboratory.submit(Recipe("nb_tio2", "glass", ()), ["y"])
    assert laboratory.collect() == []
