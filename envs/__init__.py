"""Problems and Gymnasium environments; importing this package registers the environments with Gymnasium."""

import gymnasium

from tansaki.envs.registry import ENVIRONMENTS

for _id in ENVIRONMENTS:
    gymnasium.register(id=_id, entry_point="tansaki.envs.campaign_env:CampaignEnv", kwargs={"problem_id": _id})
