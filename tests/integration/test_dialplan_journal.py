"""The journal under load: many calls, one file, no line lost or mixed."""

import pytest
from dialplan_calls import Caller
from far_side import FarSide
from raw_ami import RawAmi

from dialer.events import CallEnded
from dialer.instance.supervise import Supervisor
from dialer.journal import Started, read

pytestmark = pytest.mark.pbx
CALLS = 150


def test_calls_that_end_together_leave_every_line_whole(
    asterisk: Supervisor, ami: RawAmi, far_side: FarSide
) -> None:
    caller = Caller(asterisk, ami, far_side)
    placed = [
        caller.place(lambda call: call.reply("486 " + "Busy" * 20), journal="crowd")
        for _ in range(CALLS)
    ]
    for call in placed:
        call.ended()
    records, _, garbage = read(asterisk.instance.journal / "crowd")
    assert garbage == 0
    ids = {call.attempt_id for call in placed}
    assert {one.attempt_id for one in records if isinstance(one, Started)} == ids
    assert {one.attempt_id for one in records if isinstance(one, CallEnded)} == ids
    assert len(records) == 2 * CALLS
