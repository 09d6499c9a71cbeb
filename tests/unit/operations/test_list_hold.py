"""Lists that look generated call nobody until a named person answers for them."""

import io
import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from store_subjects import World

from campaigns.contacts.basis import Provenance
from campaigns.errors import InvalidInput, NotAllowed, NotFound, StoreUnavailable
from operations import import_list as importing
from operations import list_keeping, list_reading
from operations.add_list import add_list
from operations.campaign_file import CampaignValues
from operations.import_list import ImportProgress, ImportReport, import_list
from operations.list_hold import release_list
from operations.prepare import prepare_campaign
from operations.record import keep_recording
from operations.workspace import Workspace
from store import audit, lists
from store.engine import reading

MESSAGE = Path(__file__).resolve().parents[3] / "examples" / "message-court.flac"
PROVENANCE = Provenance("Comité", "form", None, ("political",), {})


@pytest.fixture
def world(own_store: Engine) -> World:
    made = World(own_store)
    made.controller()
    return made


@pytest.fixture
def message(workspace: Workspace, world: World) -> int:
    kept_as = keep_recording(workspace, 1, MESSAGE, name="m", file_name="m.flac", by="t")
    return int(kept_as["id"])


def sheet(numbers: list[int]) -> str:
    return "telephone\n" + "".join(f"0{one}\n" for one in numbers)


GENERATED = sheet([612_000_000 + 3 * at for at in range(60)])


def imported(world: World, content: str = GENERATED, **more: Any) -> ImportReport:
    return import_list(
        world.engine, 1, io.BytesIO(content.encode()), name="Liste", file_name="liste.csv",
        provenance=PROVENANCE, by="Zoé", **more,
    )  # fmt: skip


def prepared(workspace: Workspace, message: int, list_id: int, **changes: Any) -> int:
    plain: dict[str, Any] = {
        "name": "tour", "purpose": "political", "pack": "fr-political", "trunk": "carrier",
        "caller_id": "+33162000001", **changes,
    }  # fmt: skip
    asked = CampaignValues.model_validate(plain)
    return prepare_campaign(workspace, 1, asked, [message], [list_id], "Zoé")


REHEARSED = {"trunk": "rehearsal", "caller_id": "01 99 00 12 34"}


def test_a_generated_list_is_held_until_it_is_released(
    world: World, workspace: Workspace, message: int
) -> None:
    report = imported(world)
    assert report.held == "60 numbers follow each other at a step of 3"
    with pytest.raises(InvalidInput) as caught:
        prepared(workspace, message, report.list_id)
    assert caught.value.field == "lists"
    assert f"portevoix contacts release {report.list_id}" in caught.value.remedy
    release_list(world.engine, 1, report.list_id, "Max", "one switchboard's own extensions")
    assert prepared(workspace, message, report.list_id)
    with reading(world.engine) as connection:
        row = lists.one(connection, 1, report.list_id)
        (event,) = [one for one in audit.latest(connection, 1, 9) if one["act"] == "list.release"]
    assert (row["released_by"], row["hold"]["sign"]) == ("Max", "constant_step")
    assert event["actor"] == "Max"
    assert event["detail"]["reason"] == "one switchboard's own extensions"
    assert imported(world).held == "", "released, the same file is not held again"


def test_a_held_list_is_not_added_to_a_real_campaign(
    world: World, workspace: Workspace, message: int
) -> None:
    good = imported(world, sheet(random.Random(1).sample(range(612_000_000, 640_000_000), 60)))
    assert good.held == ""
    campaign = prepared(workspace, message, good.list_id)
    held = imported(world)
    with pytest.raises(InvalidInput, match="made up"):
        add_list(workspace, 1, campaign, held.list_id, "Zoé")


def test_a_rehearsal_may_call_it(world: World, workspace: Workspace, message: int) -> None:
    held = imported(world)
    campaign = prepared(workspace, message, held.list_id, **REHEARSED)
    assert add_list(workspace, 1, campaign, held.list_id, "Zoé").contacts == 60


def test_numbers_kept_for_fiction_are_not_looked_at(world: World) -> None:
    assert imported(world, sheet([639_980_000 + at for at in range(500)])).held == ""


def test_who_releases_says_why_and_only_what_is_held(world: World) -> None:
    held = imported(world)
    for by, reason in (("", "x"), ("Max", "  ")):
        with pytest.raises(InvalidInput):
            release_list(world.engine, 1, held.list_id, by, reason)
    with pytest.raises(NotFound):
        release_list(world.engine, world.controller("B"), held.list_id, "Max", "x")
    release_list(world.engine, 1, held.list_id, "Max", "x")
    with pytest.raises(NotAllowed):
        release_list(world.engine, 1, held.list_id, "Max", "x")


@pytest.mark.parametrize("piece", [20, 25, 100])
def test_an_import_that_was_cut_short_is_looked_at_as_a_whole(
    world: World, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    for name in ("_FIRST_BATCH", "_SMALLEST_BATCH", "_LARGEST_BATCH"):
        monkeypatch.setattr(list_keeping, name, 15)
    for name in ("FIRST_PIECE", "PIECE"):
        monkeypatch.setattr(list_reading, name, piece)
    monkeypatch.setattr(importing, "_NUMBERS_AT_ONCE", 7)

    def cut(progress: ImportProgress) -> None:
        if progress.rows >= 25:
            raise StoreUnavailable("the power went")

    with pytest.raises(StoreUnavailable):
        imported(world, progress=cut)
    assert imported(world).held == "60 numbers follow each other at a step of 3"
