"""A budget in a named person's name, its account, and an invoice beside it."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from store_subjects import NOW, World

from campaigns.budget import Prices, Spending
from campaigns.campaign import Campaign
from campaigns.errors import InvalidInput, NotFound
from campaigns.invoice import Billed, Difference
from campaigns.script import KeyAct, Script, Transfer, script_to_plain
from campaigns.tariff import Tariff, Tariffs
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Want, claim
from dialer.events import HungUp
from dialer.outcomes import closed
from operations.budget import beside_invoice, change_budget, statement
from operations.invoice_file import read_invoice
from operations.workspace import Workspace
from store import audit
from store.engine import reading, writing

CENT = Prices(Tariffs([Tariff("+", per_minute=600_000)]), 77)
"""A cent for each second."""


@pytest.fixture
def world(own_store: Engine) -> World:
    return World(own_store)


def talk(world: World, campaign: Campaign, seconds: int, trunk: str = "carrier") -> Billed:
    """A call that was answered and lasted so long."""
    with writing(world.engine) as connection:
        want = Want(campaign, 1, True, "x", trunk, prices=CENT)
        (taken,) = claim(connection, want, world.now).taken
        call = Call(taken.attempt, campaign, 0, 0, answered_at=world.now)
        end = closed(call, HungUp(taken.attempt.id, 16, 200), world.later(seconds=seconds))
        write_closings(connection, [end])
    start = world.now - timedelta(seconds=seconds)
    return Billed(taken.attempt.number, start, seconds, seconds * 10_000)


def test_a_budget_is_set_by_a_person_and_written_down(workspace: Workspace, world: World) -> None:
    campaign = world.called(1)
    assert change_budget(workspace, 1, campaign.id, 250_000_000, "Zoé") == Spending(
        0, 0, 250_000_000
    )
    assert change_budget(workspace, 1, campaign.id, None, "Zoé").room is None
    with reading(workspace.engine) as connection:
        acts = [(one["actor"], one["act"], one["detail"]) for one in audit.latest(connection, 1, 2)]
    assert acts[1] == ("Zoé", "campaign.budget", {"before": None, "after": "250.00"})


def test_no_budget_is_set_beside_transfers_and_one_may_be_taken_away(
    workspace: Workspace, world: World
) -> None:
    """What their second legs cost is not reckoned with, so that it would be no limit."""
    script = Script(keys={"3": KeyAct.TRANSFER}, transfer=Transfer("4510"))
    campaign = world.called(1, script=script_to_plain(script))
    with pytest.raises(InvalidInput, match="second leg"):
        change_budget(workspace, 1, campaign.id, 250_000_000, "Zoé")
    assert change_budget(workspace, 1, campaign.id, None, "Zoé").budget is None
    asking = world.called(1, script=script_to_plain(Script(keys={"1": KeyAct.REPLAY})))
    assert change_budget(workspace, 1, asking.id, 1, "Zoé").budget == 1


def test_nobody_and_nothing_below_zero(workspace: Workspace, world: World) -> None:
    campaign = world.called(1)
    with pytest.raises(InvalidInput, match="names nobody"):
        change_budget(workspace, 1, campaign.id, 1, " ")
    with pytest.raises(InvalidInput, match="below zero"):
        change_budget(workspace, 1, campaign.id, -1, "Zoé")
    with pytest.raises(NotFound):
        change_budget(workspace, world.controller("B"), campaign.id, 1, "Zoé")


def test_days_and_trunks_are_accounted_for(workspace: Workspace, world: World) -> None:
    campaign = world.called(4, rehearsal=False)
    talk(world, campaign, 10)
    talk(world, campaign, 5)
    talk(world, campaign, 3, trunk="other")
    world.later(hours=12)
    talk(world, campaign, 7)  # 23:00 UTC is the next day in Paris
    found = statement(workspace, 1)
    assert [(one.day.day, one.trunk, one.calls, one.seconds, one.cost) for one in found.lines] == [
        (2, "carrier", 2, 15, 150_000), (2, "other", 1, 3, 30_000), (3, "carrier", 1, 7, 70_000),
    ]  # fmt: skip
    assert (found.calls, found.seconds, found.cost) == (4, 25, 250_000)
    assert statement(workspace, 1, campaign.id, until=date(2026, 3, 2)).cost == 180_000
    assert statement(workspace, world.controller("B")).lines == ()


def test_a_rehearsal_is_in_no_account_but_its_own(workspace: Workspace, world: World) -> None:
    campaign = world.called(1)
    talk(world, campaign, 10)
    assert statement(workspace, 1).lines == ()
    assert statement(workspace, 1, campaign.id).cost == 100_000


def test_an_invoice_is_compared_with_the_calls_of_its_days(
    workspace: Workspace, world: World
) -> None:
    campaign = world.called(4)
    first, second = talk(world, campaign, 10), talk(world, campaign, 20)
    talk(world, campaign, 5, trunk="other")
    world.later(days=1)
    talk(world, campaign, 7)
    found = beside_invoice(workspace, [1], "carrier", [first, second])
    assert (found.matched, found.findings) == (2, ())
    dearer = Billed(second.number, second.start, second.seconds, 999_999, line=3)
    (finding,) = beside_invoice(workspace, [1], "carrier", [first, dearer]).findings
    assert finding.difference is Difference.PRICE


def test_what_cannot_be_compared(workspace: Workspace) -> None:
    with pytest.raises(InvalidInput, match="no call"):
        beside_invoice(workspace, [1], "carrier", [])
    with pytest.raises(InvalidInput, match="no trunk"):
        beside_invoice(workspace, [1], "unknown", [])


def invoice(tmp_path: Path, text: str) -> list[Billed]:
    file = tmp_path / "invoice.csv"
    file.write_text(text, "utf-8-sig")
    return read_invoice(file)


def test_an_invoice_as_carriers_write_it(tmp_path: Path) -> None:
    expected = [Billed("+33639980001", NOW, 67, 12_300, 2)]
    english = "number,start,seconds,price\n+33639980001,2026-03-02T11:00:00Z,67,0.0123\n"
    french = "Numéro;Date;Durée;Montant\n06 39 98 00 01;02/03/2026 12:00:00;00:01:07;0,0123 €\n\n"
    bare = "price\tduration\tdestination\tstart\n0.0123\t67\t33639980001\t2026-03-02 12:00:00\n"
    assert invoice(tmp_path, english) == invoice(tmp_path, french) == expected
    assert invoice(tmp_path, bare) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("number;start;seconds\n", "no column is named price"),
        ("number;start;seconds;price\n06 39 98 00 01;yesterday;1;1\n", "line 2, start"),
        ("number;start;seconds;price\n06 39 98 00;2026-03-02;1;1\n", "line 2, number"),
        ("number;start;seconds;price\n06 39 98 00 01;2026-03-02;long;1\n", "line 2, seconds"),
        ("number;start;seconds;price\n06 39 98 00 01;2026-03-02;1;dear\n", "line 2, price"),
        ("number;start;seconds;price\n06 39 98 00 01;2026-03-02\n", "line 2: .*fewer cells"),
    ],
)
def test_a_fault_in_an_invoice_names_its_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        invoice(tmp_path, text)
