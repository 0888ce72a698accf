"""Data files: every number is complete, every mistake in a file is named."""

from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from tansaki.twin import quantities
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.quantities import DataFile, Quantity, available, load

GOOD = {"value": 2.0, "unit": "m", "sigma": 0.1, "source": "ruler", "kind": "measured"}


class Rod(NamedTuple):
    length: float
    width: float


def _file(**quantities_by_name: float) -> DataFile:
    section = {n: Quantity(v, "m", 0.0, "ruler", "measured") for n, v in quantities_by_name.items()}
    return DataFile("rod", "a rod", {"size": section})


def test_parameters_follow_the_fields_and_not_the_file_order() -> None:
    assert _file(width=1.0, length=3.0).parameters("size", Rod) == Rod(length=3.0, width=1.0)


def test_a_quantity_too_many_or_too_few_is_named() -> None:
    with pytest.raises(InvalidInputError, match="did you mean 'length'"):
        _file(lenght=3.0, width=1.0).parameters("size", Rod)
    with pytest.raises(InvalidInputError, match="a quantity 'width' too"):
        _file(length=3.0).parameters("size", Rod)


def test_an_unknown_section_names_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="did you mean 'size'"):
        _file(length=1.0).section("sise")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sygma": 0.1}, "did you mean 'sigma'"),
        ({"kind": "guessed"}, "kind"),
        ({"source": ""}, "source"),
        ({"sigma": -1.0}, "sigma >= 0"),
        ({"sigma": float("nan")}, "sigma >= 0"),
        ({"value": float("inf")}, "finite"),
    ],
)
def test_a_bad_quantity_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        quantities.quantity_from("here", GOOD | change)


@pytest.mark.parametrize("name", ["value", "unit", "sigma", "source", "kind"])
def test_every_field_is_required(name: str) -> None:
    entry = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(InvalidInputError, match=f"a field '{name}' too"):
        quantities.quantity_from("here", entry)


def test_a_bare_number_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="a table with value"):
        quantities.quantity_from("here", 3.0)


def test_an_unknown_file_names_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="did you mean 'nb_tio2'"):
        load("materials", "nb_tio")


@pytest.mark.parametrize("folder", ["materials", "instruments"])
def test_every_shipped_file_loads_and_has_a_title(folder: Literal["materials", "instruments"]) -> None:
    names = available(folder)
    assert names
    for name in names:
        file = load(folder, name)
        assert file.title
        assert file.sections
        for section in file.sections.values():
            for quantity in section.values():
                assert quantity.valid is None or quantity.valid[0] < quantity.valid[1]


def test_every_toml_beside_the_code_is_available() -> None:
    folder = Path(quantities.__file__).parent / "materials"
    assert {path.stem for path in folder.glob("*.toml")} == set(available("materials"))
