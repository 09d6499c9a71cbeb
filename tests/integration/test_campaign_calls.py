"""Whole campaigns over real SIP and RTP, held against what the network saw."""

import os
import signal
from datetime import UTC, datetime

import pytest
from stage import Stage, Staging, numbers, until

from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.errors import NotAllowed
from campaigns.states import TERMINAL_TARGET, Action, TargetState
from operations.suppress import Owner, suppress
from rehearsal.ledger import peak_concurrent, peak_starts_per_second
from store import suppressions, targets
from store.engine import reading, writing

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(240)]

ENDINGS = (
    *(1, 2, 4, 10, 11, 12, 14, 15, 16, 18, 19, 20, 21, 22, 24, 30, 31, 32, 33, 34, 35, 36, 37, 38),
    *(39, 40, 50, 51, 52, 53),
)
SOMEBODY = "0612345660"
"""A number that could be somebody's, who refuses before anything is called."""

ANSWERS = 60
"""An ending that is not in the network's table: answers after 0.2 s and listens."""


def _settled(stage: Stage, campaign: int) -> bool:
    """Whether every target has its final state, and the counts say the same as the rows."""
    with reading(stage.workspace.engine) as connection:
        rows = targets.counted(connection, campaign)
    return {name for name, many in rows.items() if many} <= {s.value for s in TERMINAL_TARGET}


def _check(stage: Stage, campaign: int) -> None:
    # The network writes its record down every 100 ms, and later where the machine is full.
    until(lambda: not stage.up)
    with reading(stage.workspace.engine) as connection:
        rows = targets.counted(connection, campaign)
    assert stage.progress(campaign).states == rows
    verdict = stage.verdict(campaign)
    assert verdict.faults == [], (verdict.mismatches, verdict.lost, verdict.called_twice)


def test_every_way_a_call_can_end_is_reported_as_the_network_saw_it(staging: Staging) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    campaign = stage.prepare([number for ending in ENDINGS for number in numbers(ending, 2)])
    stage.act(campaign, Action.LAUNCH)
    until(lambda: stage.ended(campaign), 120)
    _check(stage, campaign)
    verdict = stage.verdict(campaign)
    assert len(verdict.behaviours) >= 20
    assert verdict.in_doubt == []
    assert len(verdict.optouts_sent) == 2 * len({10, 11, 14, 15, 18})


def test_a_dialer_killed_in_mid_campaign_loses_nothing_and_calls_nobody_twice(
    staging: Staging,
) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    thirds = zip(numbers(ANSWERS, 30), numbers(11, 30), numbers(1, 30), strict=True)
    campaign = stage.prepare([number for third in thirds for number in third])
    stage.act(campaign, Action.LAUNCH)
    for share in (20, 55):
        until(lambda share=share: len(stage.calls) >= share)  # type: ignore[misc]
        stage.signal("dialer", signal.SIGKILL)
        pressed = sum(bool(call.keys) for call in stage.calls)
        # People press 9 while there is nobody to hear it but the PBX.
        until(lambda pressed=pressed: sum(bool(c.keys) for c in stage.calls) > pressed)  # type: ignore[misc]
        stage.start_dialer()
    until(lambda: stage.ended(campaign), 120)
    _check(stage, campaign)
    verdict = stage.verdict(campaign)
    assert verdict.in_doubt == []
    assert len(verdict.optouts_sent) == 30


def test_a_killed_pbx_leaves_in_doubt_at_most_what_was_up(staging: Staging) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    campaign = stage.prepare([*numbers(ANSWERS, 60), *numbers(11, 20)])
    stage.act(campaign, Action.LAUNCH)
    until(lambda: len(stage.up) >= 20)
    os.kill(stage.pbx_pid, signal.SIGKILL)
    killed = datetime.now(UTC).timestamp()
    until(lambda: len(stage.calls) >= 75)
    until(lambda: _quiet(stage, campaign), 120)
    # What a call heard is summed up at its end, and a killed PBX ends none.
    stage.signal("network", signal.SIGTERM)
    verdict = stage.verdict(campaign)
    up = [call for call in stage.calls if call.invite_at <= killed]
    up = [call for call in up if call.ended_at is None or call.ended_at > killed]
    assert len(verdict.in_doubt) <= len(up)
    assert (verdict.called_twice, verdict.lost_optouts, verdict.mismatches) == ([], [], [])
    assert verdict.calls_after_optout == []
    assert len(stage.calls) == 80


def _quiet(stage: Stage, campaign: int) -> bool:
    states = stage.progress(campaign).states
    return not states.keys() & {TargetState.PENDING.value, TargetState.CALLING.value}


def test_a_dialer_told_to_end_leaves_nothing_in_doubt_and_the_next_goes_on(
    staging: Staging,
) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    campaign = stage.prepare(numbers(ANSWERS, 50))
    stage.act(campaign, Action.LAUNCH)
    until(lambda: len(stage.calls) >= 20)
    stage.signal("dialer", signal.SIGTERM)
    assert stage.processes["dialer"].returncode == 0
    states = stage.progress(campaign).states
    assert states.keys() <= {TargetState.PENDING.value, TargetState.REACHED.value}
    assert states[TargetState.REACHED.value] == len(stage.calls)
    stage.start_dialer()
    until(lambda: stage.ended(campaign))
    _check(stage, campaign)


def test_a_paused_campaign_calls_nobody_and_a_stopped_one_hangs_up(staging: Staging) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    campaign = stage.prepare(numbers(ANSWERS, 90))
    stage.act(campaign, Action.LAUNCH)
    until(lambda: len(stage.up) >= 10)
    stage.act(campaign, Action.PAUSE)
    until(lambda: not stage.up)
    begun = len(stage.calls)
    assert begun < 90
    assert stage.progress(campaign).states[TargetState.REACHED.value] > 0
    stage.act(campaign, Action.RESUME)
    until(lambda: len(stage.up) >= 10)
    stage.act(campaign, Action.STOP)
    until(lambda: stage.ended(campaign))
    assert not stage.up
    _check(stage, campaign)
    outcomes = stage.progress(campaign).outcomes
    assert outcomes["cancelled"] > 0
    assert stage.progress(campaign).states[TargetState.CANCELLED.value] > 0


def test_a_number_suppressed_in_mid_run_is_not_called(staging: Staging) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    called = numbers(ANSWERS, 80)
    campaign = stage.prepare(called)
    stage.act(campaign, Action.LAUNCH)
    until(lambda: len(stage.calls) >= 10)
    last = [f"+33{number[1:]}" for number in called[40:]]
    with writing(stage.workspace.engine) as connection:
        suppressions.add(connection, [_refusal(stage, number) for number in last])
    at = datetime.now(UTC).timestamp()
    until(lambda: stage.ended(campaign))
    late = [call for call in stage.calls if call.number in last and call.invite_at > at + 0.25]
    assert late == []
    assert stage.progress(campaign).gates["suppressed"] > 20


def _refusal(stage: Stage, number: str) -> Suppression:
    return Suppression(
        number=number,
        scope=SuppressionScope.CONTROLLER,
        owner_id=stage.controller,
        reason=SuppressionReason.API,
        source="test",
        created_at=datetime.now(UTC),
    )


REAL = """
[trunks.carrier]
host = "localhost"  # Asterisk asks the DNS for it, which may not know it
options_interval_s = 0
port = {port}
caller_ids = ["+33162000001"]
max_channels = 10
max_cps = 10
"""


def test_a_trunk_that_is_no_rehearsal_calls_nobody_until_armed_and_never_a_fictional_number(
    staging: Staging,
) -> None:
    """`localhost` is a name: what it leads to may change, so it is taken for a real carrier."""
    stage = staging()
    stage.start_network()
    settings = stage.home / "portevoix.toml"
    settings.write_text(settings.read_text() + REAL.format(port=stage.sip_port))
    stage.reopen()
    nobodys = stage.prepare(numbers(ANSWERS, 5), name="Fiction", trunk="carrier")
    campaign = stage.prepare([*numbers(ANSWERS, 5), SOMEBODY], trunk="carrier")
    with pytest.raises(NotAllowed, match="nobody has armed it"):
        stage.act(campaign, Action.LAUNCH)
    stage.arm("carrier")
    stage.answered("carrier", "+33162000001")
    with pytest.raises(NotAllowed, match="None of 5 people may be called"):
        stage.act(nobodys, Action.LAUNCH)
    stage.open_hours(campaign)
    stage.act(campaign, Action.LAUNCH)
    owner = Owner(SuppressionScope.CONTROLLER, stage.controller)
    suppress(stage.workspace.engine, owner, SOMEBODY, source="a letter", by="test")
    stage.start_dialer()
    until(lambda: stage.ended(campaign))
    assert stage.calls == []
    assert stage.progress(campaign).gates == {"rehearsal_only": 5, "suppressed": 1}


def test_limits_hold_as_the_network_counts_them_and_are_used(staging: Staging) -> None:
    """Hang-ups after 1 s keep calls short, so that first the rate binds, then the channels."""
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    campaign = stage.prepare([*numbers(2, 90), *numbers(1, 60)], max_channels=100, max_cps=20)
    stage.act(campaign, Action.LAUNCH)
    until(lambda: len(stage.calls) >= 60)
    stage.limit(campaign, max_channels=15, max_cps=20)
    until(lambda: len(stage.up) <= 15)
    narrowed = max(call.invite_at for call in stage.calls)
    until(lambda: stage.ended(campaign), 120)
    calls = stage.calls
    wide = [call for call in calls if call.invite_at <= narrowed]
    narrow = [call for call in calls if call.invite_at > narrowed]
    assert peak_starts_per_second(calls) <= 20
    assert peak_concurrent(narrow) <= 15
    assert peak_concurrent(wide) > 15
    assert peak_concurrent(narrow) == 15
