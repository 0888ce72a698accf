"""A campaign file, its overrides, and one line for each mistake."""

from pathlib import Path

import pytest

from tansaki.experiments.config import CampaignConfig, ProblemChoice, SharingChoice
from tansaki.twin.errors import InvalidInputError

TEXT = """
agent = "random"
budget = 7
seed = 4

[problem]
id = "dataset:data.csv"
goal = "min"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "campaign.toml"
    path.write_text(TEXT)
    return path


def test_file_overrides_and_given_values_in_that_order(file: Path) -> None:
    config = CampaignConfig.read(
        file, ["problem.goal=max", "seed=5", "agent=sobol"], {"seed": 6, "problem.objective": "y"}
    )
    assert config == CampaignConfig(
        problem=ProblemChoice(id="dataset:data.csv", goal="max", objective="y"), agent="sobol", budget=7, seed=6
    )


def test_a_problem_may_be_named_in_short(tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    path.write_text('problem = "dataset:x.csv"\nagent = "random"\n')
    config = CampaignConfig.read(path, ["problem.goal=min"])
    assert config.problem == ProblemChoice(id="dataset:x.csv", goal="min")
    assert (config.seed, config.budget, config.lab, config.tracking) == (0, None, "twin", True)


def test_records_are_closed_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "open.toml"
    path.write_text('problem = "dataset:x.csv"\nagent = "random"\n')
    assert CampaignConfig.read(path).sharing == SharingChoice(tier="closed", licence="", embargo="")
    given = ["sharing.tier=open", "sharing.licence=CC-BY-4.0", "sharing.embargo=2027-04-01", "operator=A. Yamada"]
    config = CampaignConfig.read(path, given)
    assert config.sharing == SharingChoice(tier="open", licence="CC-BY-4.0", embargo="2027-04-01")
    assert CampaignConfig.model_validate(config.model_dump()) == config


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("seeed=3", "key: got 'seeed'.*did you mean 'seed'"),
        ("problem.gaol=min", r"key in \[problem\]: got 'gaol'.*did you mean 'goal'"),
        ("problem.goal=up", r"problem\.goal: got 'up'.*'min' or 'max'"),
        ("budget=0", "budget: got 0.*greater than or equal to 1"),
        ("budget=many", "budget: got 'many'.*integer"),
        ("seed=-1", "seed: got -1"),
        ("seed", "--set: got 'seed'.*NAME=VALUE"),
        ("seed.first=3", "--set.*'seed' holds one value"),
        ("sharing.tier=public", r"sharing\.tier: got 'public'.*'open', 'share-closed' or 'closed'"),
        ("sharing.tier=open", r"sharing\.licence: got ''.*open records need a licence"),
        ("sharing.embargo=soon", r"sharing\.embargo: got 'soon'.*isoformat"),
        ("sharing.license=MIT", r"key in \[sharing\]: got 'license'.*did you mean 'licence'"),
    ],
)
def test_mistakes_are_named(file: Path, override: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as caught:
        CampaignConfig.read(file, [override])
    assert "\n" not in str(caught.value)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="'problem'; it is missing"):
        CampaignConfig.read(None)
    with pytest.raises(InvalidInputError, match="readable TOML file; No such file"):
        CampaignConfig.read(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("agent = \n")
    with pytest.raises(InvalidInputError, match="line 1"):
        CampaignConfig.read(tmp_path / "bad.toml")
