"""What a campaign is made of, as written in ``campaign.toml`` or on the command line.

::

    agent = "gp"
    budget = 20
    seed = 1

    operator = "A. Yamada"

    [problem]
    id = "tansaki/NbTiO2-Oxygen-v0"

    [sharing]
    tier = "open"
    licence = "CC-BY-4.0"
    embargo = 2027-04-01
"""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from tansaki.twin.errors import InvalidInputError, unknown_name
from tansaki.twin.provenance import Tier


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProblemChoice(_Table):
    """Which problem; `goal` and `objective` belong to data sets, whose files may not state them."""

    id: str
    goal: Literal["min", "max"] | None = None
    objective: str | None = None


class SharingChoice(_Table):
    """Who may use the records; as long as nothing is said, the owner alone."""

    tier: Tier = "closed"
    licence: str = Field(default="", validate_default=True)
    """SPDX identifier, as CC-BY-4.0."""
    embargo: str = ""
    """Date before which nothing is released, as 2027-04-01."""

    @field_validator("licence")
    @classmethod
    def _open_needs_a_licence(cls, licence: str, info: ValidationInfo) -> str:
        if info.data.get("tier") == "open" and not licence:
            raise ValueError("open records need a licence, or nobody may use them")
        return licence

    @field_validator("embargo", mode="before")
    @classmethod
    def _is_a_date(cls, embargo: object) -> object:
        if isinstance(embargo, str) and embargo:
            date.fromisoformat(embargo)
        return embargo.isoformat() if isinstance(embargo, date) else embargo


def _as_table(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class CampaignConfig(_Table):
    """One agent, one problem, one laboratory, one seed, one budget. ``problem = ID`` is short for its table."""

    problem: Annotated[ProblemChoice, BeforeValidator(_as_table)]
    agent: str
    budget: int | None = Field(default=None, ge=1)
    """Number of experiments; the problem's own if not given."""
    seed: int = Field(default=0, ge=0)
    lab: str = "twin"
    fidelity: Literal["surrogate", "standard"] | None = None
    """Of the twin; the problem's usual one if not given."""
    out: str | None = None
    """Folder to write to; a fresh one under ``runs`` if not given."""
    tracking: bool = True
    operator: str = ""
    """Who answers for the campaign."""
    sharing: SharingChoice = SharingChoice()

    @classmethod
    def read(cls, path: Path | None, overrides: Iterable[str] = (), given: Mapping[str, Any] | None = None) -> Self:
        """The file at `path` (if any), changed by ``a.b=c`` overrides, changed by `given` values by dotted name."""
        document = {} if path is None else _document(path)
        where = "campaign" if path is None else str(path)
        for override in overrides:
            name, equals, text = override.partition("=")
            if not equals or not name:
                raise InvalidInputError("--set", override, "NAME=VALUE, as in --set problem.goal=min")
            _put(document, name, _scalar(text))
        for name, value in (given or {}).items():
            _put(document, name, value)
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise _explained(cls, where, error) from None


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInputError("campaign file", str(path), "a readable TOML file", error.strerror or "") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(str(path), "text that is not TOML", "a TOML file", str(error)) from error


def _put(document: dict[str, Any], name: str, value: object) -> None:
    *tables, last = name.split(".")
    for table in tables:
        inner = document.get(table, {})
        document[table] = _as_table(inner) if table == "problem" else inner
        document = document[table]
        if not isinstance(document, dict):
            raise InvalidInputError("--set", name, f"a name outside {table!r}", f"{table!r} holds one value")
    document[last] = value


def _scalar(text: str) -> object:
    """`text` as TOML reads a value, else as the text it is: ``3``, ``true``, ``gp``."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _explained(model: type[BaseModel], where: str, error: ValidationError) -> InvalidInputError:
    """The first complaint of pydantic as one line of ours."""
    complaint = error.errors(include_url=False)[0]
    *path, last = (str(part) for part in complaint["loc"])
    for part in path:
        annotation = model.model_fields[part].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    name = ".".join([*path, last])
    if complaint["type"] == "extra_forbidden":
        inside = f"key in [{'.'.join(path)}]" if path else "key"
        return unknown_name(f"{where}: {inside}", last, model.model_fields)
    if complaint["type"] == "missing":
        return InvalidInputError(f"{where}: {name}", None, f"a value for {name!r}", "it is missing")
    return InvalidInputError(f"{where}: {name}", complaint["input"], complaint["msg"].lower())
