"""What a campaign may ask of the telephone network."""

import pytest

from campaigns.campaign import Campaign, Limits
from campaigns.contacts.basis import Evidence
from campaigns.errors import InvalidInput
from campaigns.rules.windows import ALWAYS
from campaigns.states import CampaignState


@pytest.mark.parametrize(
    ("channels", "cps", "field"),
    [(0, 1.0, "max_channels"), (1, 0.0, "max_cps"), (1, -1.0, "max_cps"), (1, 1000.5, "max_cps")],
)
def test_limits_that_make_no_sense_name_their_field(channels: int, cps: float, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Limits(channels, cps)
    assert caught.value.field == field


def test_a_call_lives_for_ringing_and_message_and_a_minute() -> None:
    campaign = Campaign(
        1, 1, "c", "political", CampaignState.RUNNING, "t", "+33199001234", "m", 29_900,
        Limits(1, 1), ALWAYS, Evidence.ROW, ring_timeout_s=25,
    )  # fmt: skip
    assert campaign.max_call_s == 25 + 29 + 60
