"""One way out: `export` writes a campaign in one of the formats, whole or not at all."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from tansaki.experiments.exports.campaign_records import CampaignRecords, ImportedExperiment, read_campaign
from tansaki.twin.errors import InvalidInputError, TansakiError, unknown_name

FORMATS: Final = {
    "parquet": "parquet",
    "nexus": "campaign.nxs",
    "rocrate": "rocrate",
    "rde": "rde",
    "maiml": "campaign.maiml",
}
"""Formats, and the name of what each makes in the folder of the campaign; one module of this package a format."""


@dataclass(frozen=True, slots=True)
class Export:
    """What was written."""

    path: Path
    experiments: int
    measurements: int


def export(folder: Path, to: str, out: Path | None = None) -> Export:
    """Write the campaign in `folder` in the format `to`, at `out` or beside its journal.

    `out` appears complete or not at all, and is never overwritten. What is closed or under embargo is written too:
    an export is for the owner, and who may use it travels with each record.
    """
    if to not in FORMATS:
        raise unknown_name("--to", to, FORMATS)
    campaign = read_campaign(folder)
    if not campaign.steps:
        raise InvalidInputError("campaign", str(folder), "one with an experiment at least")
    path = (folder if folder.is_dir() else folder.parent) / FORMATS[to] if out is None else out
    if path.exists():
        raise InvalidInputError("--out", str(path), "a name that is free", "exports never overwrite")
    if not path.parent.is_dir():
        raise InvalidInputError("--out", str(path), "a name in a folder that exists")
    write: Callable[[CampaignRecords, Path], None] = import_module(f"{__package__}.{to}").write
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(campaign, partial)
        partial.rename(path)
    except OSError as error:
        raise InvalidInputError("--out", str(path), "a place that can be written to", error.strerror or "") from error
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)
    measurements = sum(len(experiment.measurements) for experiment in campaign.experiments)
    return Export(path, len(campaign.steps), measurements)


def read_export(path: Path, to: str) -> list[ImportedExperiment]:
    """Origin, seed, sharing and values of what `export` wrote, from the fields of the format itself."""
    if to not in FORMATS:
        raise unknown_name("format", to, FORMATS)
    if not path.exists():
        raise InvalidInputError("export", str(path), "a file or folder that exists")
    read: Callable[[Path], list[ImportedExperiment]] = import_module(f"{__package__}.{to}").read
    return read(path)


def needs_extra(what: str, package: str) -> TansakiError:
    """The error of a format whose library is not installed."""
    return TansakiError(f"{what} needs {package}: install the extra with pip install 'tansaki[interop]'")
