"""Trunks at this moment: armed or not, rehearsal or not, and by which limits."""

import pytest
from dialer_subjects import TRUNK, a_campaign
from fake_pbx import LOOPBACK, FakePbx

from campaigns.campaign import Limits
from campaigns.rules.gates import Gate
from campaigns.trunk import Trunk
from dialer.trunks import Trunks
from store.trunks import TrunkRecord

ELSEWHERE = "sip:192.0.2.1:5060"
SHOWN = "+33162000000"
REAL = a_campaign(rehearsal=False, caller_id=SHOWN)


async def looked(*contacts: str, up: bool = True, **record: object) -> Trunks:
    trunks = Trunks([Trunk(TRUNK, "192.0.2.1", caller_ids=(SHOWN,), max_channels=40, max_cps=20)])
    pbx = FakePbx(reached_at={TRUNK: list(contacts)})
    await pbx.open(lambda events: None)
    if not up:
        pbx.go_down()
    await trunks.look(pbx)
    if record:
        trunks.note({TRUNK: TrunkRecord(TRUNK, **record)})  # type: ignore[arg-type]
    return trunks


@pytest.mark.parametrize(
    ("contacts", "rehearsal"),
    [([LOOPBACK], True), ([ELSEWHERE], False), ([LOOPBACK, ELSEWHERE], False), ([], False)],
)
async def test_a_rehearsal_trunk_leads_to_this_host_only(
    contacts: list[str], rehearsal: bool
) -> None:
    trunks = await looked(*contacts)
    assert trunks.is_rehearsal(TRUNK) is rehearsal
    assert (trunks.gate(a_campaign()) is None) is rehearsal


async def test_what_cannot_be_asked_is_not_taken_for_a_rehearsal() -> None:
    assert not (await looked(LOOPBACK, up=False)).is_rehearsal(TRUNK)


async def test_a_real_trunk_waits_for_a_named_person() -> None:
    assert (await looked(ELSEWHERE)).gate(REAL) is Gate.TRUNK_UNAVAILABLE
    assert (await looked(ELSEWHERE, max_cps=5.0)).gate(REAL) is Gate.TRUNK_UNAVAILABLE
    assert (await looked(ELSEWHERE, armed_by="Zoé")).gate(REAL) is None


async def test_a_rehearsal_never_goes_out_by_a_real_trunk_armed_or_not() -> None:
    trunks = await looked(ELSEWHERE, armed_by="Zoé")
    assert trunks.gate(a_campaign(rehearsal=True)) is Gate.TRUNK_UNAVAILABLE


async def test_caller_ids_that_the_carrier_does_not_allow() -> None:
    trunks = await looked(ELSEWHERE, armed_by="Zoé")
    other = a_campaign(rehearsal=False, caller_id="+33162000001")
    assert trunks.gate(other) is Gate.CALLER_ID_NOT_ALLOWED


async def test_a_trunk_that_is_gone_from_the_settings() -> None:
    trunks = await looked(LOOPBACK)
    assert trunks.gate(a_campaign(trunk="gone")) is Gate.TRUNK_UNAVAILABLE


@pytest.mark.parametrize(
    ("contact", "record", "limits"),
    [
        (LOOPBACK, {}, Limits(40, 20)),
        (ELSEWHERE, {}, Limits(40, 1)),
        (ELSEWHERE, {"armed_by": "Zoé"}, Limits(40, 1)),
        (ELSEWHERE, {"armed_by": "Zoé", "max_cps": 7.5}, Limits(40, 7.5)),
        (LOOPBACK, {"max_channels": 3}, Limits(3, 20)),
    ],
)
async def test_limits_in_force(contact: str, record: dict[str, object], limits: Limits) -> None:
    assert (await looked(contact, **record)).limits() == {TRUNK: limits}


async def test_the_pbx_is_asked_by_its_own_names() -> None:
    trunks = Trunks([Trunk(TRUNK, "127.0.0.1")], lambda name: f"{name}-tag")
    pbx = FakePbx(reached_at={f"{TRUNK}-tag": [LOOPBACK], TRUNK: [ELSEWHERE]})
    await pbx.open(lambda events: None)
    await trunks.look(pbx)
    assert trunks.is_rehearsal(TRUNK)
