"""Hearing a campaign on one's own telephone, by real calls through the PBX."""

from pathlib import Path

import pytest
from stage import Staging, numbers, until

from campaigns.states import TargetState
from operations import call_me

pytestmark = pytest.mark.pbx

BY = "A. Moreau"


def test_a_campaign_is_heard_on_ones_own_telephone_and_calls_nobody_else(
    staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[str] = []
    speak = call_me.speak

    def overheard(code: str, language: str, path: Path) -> None:
        codes.append(code)
        speak(code, language, path)

    monkeypatch.setattr(call_me, "speak", overheard)
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    (mine,) = numbers(1, 1, first=90)
    campaign = stage.prepare(numbers(0, 3))
    where = stage.workspace, stage.controller
    first = call_me.send_code(*where, campaign, mine, BY)
    until(lambda: stage.ended(first))
    call_me.confirm(*where, mine, codes[-1], BY)
    second = call_me.call_me(*where, campaign, mine, BY)
    until(lambda: stage.ended(second))
    assert [call.number for call in stage.calls] == [f"+33{mine[1:]}"] * 2
    assert all(call.rtp_packets for call in stage.calls)
    assert stage.progress(campaign).states == {TargetState.PENDING.value: 3}
    assert stage.progress(campaign).state == "draft"
