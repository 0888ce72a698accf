"""Campaigns to be exported: one on the twin, one on a table whose names no format likes."""

import os
from pathlib import Path
from typing import Any

import pytest

from tansaki.experiments.campaign import Campaign
from tansaki.experiments.config import CampaignConfig

OPEN = {
    "operator": "A. Yamada",
    "sharing.tier": "open",
    "sharing.licence": "CC-BY-4.0",
    "sharing.embargo": "2027-04-01",
}


def run(folder: Path, **given: Any) -> Path:
    config = CampaignConfig.read(None, (), {"tracking": False, "out": str(folder), **given})
    with Campaign.start(config) as campaign:
        for _ in campaign.play():
            pass
        campaign.finish()
    return folder


@pytest.fixture(scope="session")
def twin_campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two films by the whole measurement chain, open to all after an embargo."""
    given = {
        "problem.id": "tansaki/NbTiO2-Oxygen-v0",
        "fidelity": "standard",
        "agent": "random",
        "budget": 2,
        "seed": 3,
    }
    return run(tmp_path_factory.mktemp("twin") / "run", **given, **OPEN)


@pytest.fixture(scope="session")
def table_campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rows of a table, closed, with names that are no identifiers."""
    folder = tmp_path_factory.mktemp("table")
    rows = [f"{x},{y},{x * 0.1 + y}" for x in range(4) for y in range(3)]
    text = "\n".join(["1st flow (a/b),種類 %,current/area [mA/cm2]", *rows, ""])
    (folder / "table.csv").write_text(text, encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    try:
        given = {"problem.id": "dataset:table.csv", "problem.goal": "max", "agent": "random", "budget": 3, "seed": 1}
        return run(folder / "run", **given)
    finally:
        os.chdir(before)


@pytest.fixture(params=["twin_campaign", "table_campaign"])
def campaign(request: pytest.FixtureRequest) -> Path:
    """Each of the two."""
    found: Path = request.getfixturevalue(request.param)
    return found
