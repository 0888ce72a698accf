"""Problems and Gymnasium environments; importing this package registers the environments with Gymnasium."""

import gymnasium

from tansaki.envs.registry import PROBLEMS

for _id in PROBLEMS:
    gymnasium.register(id=_id, entry_point="tansaki.envs.campaign_env:CampaignEnv", kwargs={"problem_id": _id})
