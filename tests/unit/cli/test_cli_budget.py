"""`portevoix budget`: setting one, accounting for it, and an invoice beside our calls."""

import csv
import json
from pathlib import Path

import pytest
from cli_subjects import Command
from sqlalchemy import Engine
from store_subjects import World

from operations.workspace import Workspace
from store import spending
from store.engine import writing
from store.spending import Spent


@pytest.fixture
def world(workspace: Workspace) -> World:
    return World(workspace.engine)


def spend(engine: Engine, campaign_id: int, **changes: int) -> None:
    day = spending.day_of(World(engine).now)
    line = {"calls": 2, "seconds": 60, "cost": 1_234_500, **changes}
    with writing(engine) as connection:
        spending.add(connection, [Spent(campaign_id, day, "rehearsal", **line)])


def test_a_budget_is_set_shown_and_taken_away(portevoix: Command, world: World) -> None:
    campaign = world.called(1)
    done = portevoix("budget", "set", campaign.name, "250", "--by", "Zoé")
    assert "€0.00 spent, €0.00 reserved, budget €250.00, by Zoé" in done.output
    assert "budget €250.00" in portevoix("campaign", "show", campaign.name).output
    money = json.loads(portevoix("campaign", "show", campaign.name, "--json").stdout)["money"]
    assert money == {"spent": 0, "reserved": 0, "budget": 250_000_000}
    assert "no budget" in portevoix("budget", "set", campaign.name, "none", "--by", "Zoé").output


def test_what_is_no_sum_is_refused(portevoix: Command, world: World) -> None:
    campaign = world.called(1)
    done = portevoix("budget", "set", campaign.name, "much", "--by", "Zoé")
    assert done.exit_code == 1
    assert "no sum in euros" in done.output


def test_the_account_as_text_json_and_csv(portevoix: Command, world: World, tmp_path: Path) -> None:
    campaign = world.called(1, rehearsal=False)
    assert "No answered call" in portevoix("budget", "statement").output
    spend(world.engine, campaign.id, unpriced=1)
    file = tmp_path / "account.csv"
    done = portevoix("budget", "statement", campaign.name, "--csv", str(file))
    assert "total" in done.output
    assert "1.2345" in done.output
    assert "1 calls had no tariff" in done.output
    with file.open(encoding="utf-8-sig", newline="") as stream:
        (line,) = csv.DictReader(stream, delimiter=";")
    assert (line["day"], line["calls"], line["cost_eur"]) == ("2026-03-02", "2", "1.2345")
    found = json.loads(portevoix("budget", "statement", "--json").stdout)
    assert (found["calls"], found["seconds"], found["cost_eur"]) == (2, 60, "1.2345")


def test_an_invoice_that_names_calls_we_do_not_know(
    portevoix: Command, world: World, tmp_path: Path
) -> None:
    world.called(1)
    invoice, differing = tmp_path / "invoice.csv", tmp_path / "differing.csv"
    invoice.write_text("number;start;seconds;price\n06 39 98 00 01;02/03/2026 12:00;30;0,25\n")
    asked = ("budget", "compare", str(invoice), "--trunk", "rehearsal")
    done = portevoix(*asked, "--csv", str(differing))
    assert "1 on the invoice, not among our calls: 0.25 euros" in done.output
    assert "+33639980001" not in done.output, "numbers are masked on a terminal"
    assert "not_ours" in differing.read_text("utf-8-sig")
    found = json.loads(portevoix(*asked, "--json").stdout)
    assert found["differences"]["not_ours"] == {"calls": 1, "excess_eur": "0.25"}
