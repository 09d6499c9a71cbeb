"""Who calls, as each trunk says it: From and P-Asserted-Identity as the network saw them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from stage import CALLER_ID, Stage, numbers, staged, until

from campaigns.states import Action
from store import tables
from store.engine import writing

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(240)]

SHOWN = f"+33{CALLER_ID[1:]}"
ACCOUNT = "account.1"
REFUSES_AT_ONCE = 20

TRUNKS = """
[trunks.account]
host = "127.0.0.1"
port = {port}
from_user = "account.1"
from_domain = "sip.carrier.example"

[trunks.plain]
host = "127.0.0.1"
port = {port}
number_format = "e164"
pai = false
options_interval_s = 0
rtp_timeout_s = 20
max_call_s = 30
"""


@pytest.fixture
def stage(pbx_binary: object, pbx_root: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    with staged(pbx_root, request.node.name) as stage:
        settings = stage.home / "portevoix.toml"
        settings.write_text(settings.read_text() + TRUNKS.format(port=stage.sip_port))
        stage.reopen()
        yield stage


def test_each_trunk_says_who_calls_as_its_carrier_wants_it(stage: Stage) -> None:
    stage.start_network()
    stage.start_dialer()
    for index, trunk in enumerate(("rehearsal", "account", "plain")):
        campaign = stage.prepare(numbers(REFUSES_AT_ONCE, 1, first=index), name=trunk)
        with writing(stage.workspace.engine) as connection:
            connection.execute(
                update(tables.campaign).where(tables.campaign.c.id == campaign).values(trunk=trunk)
            )
        stage.act(campaign, Action.LAUNCH)
    until(lambda: len({call.number for call in stage.calls}) == 3)
    said = {call.number[-4:-2]: (call.caller_id, call.asserted_id) for call in stage.calls}
    assert said == {
        "00": (SHOWN, SHOWN),
        "01": (ACCOUNT, SHOWN),
        "02": (SHOWN.removeprefix("+"), ""),
    }
