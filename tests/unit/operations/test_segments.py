"""Only a segment's members are called, each with their own message; who is in doubt is held."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from people import listed, with_table
from sqlalchemy import Engine, select
from store_subjects import World, number
from workspaces import a_workspace

from campaigns.contacts.basis import Provenance
from campaigns.contacts.constituency import Address
from campaigns.errors import InvalidInput, NotAllowed, NotFound, StoreUnavailable
from campaigns.rules.gates import Gate
from campaigns.states import Action, CampaignState
from operations import constituencies, filling, launch
from operations.add_list import add_list
from operations.campaign_file import CampaignValues, VariantValues
from operations.explain import why
from operations.import_list import import_list
from operations.prepare import prepare_campaign
from operations.record import keep_recording
from operations.segments import look
from operations.selection import Recorded
from operations.undo_import import undo_import
from operations.workspace import Workspace
from store import audit, lists, places, tallies, targets
from store import campaigns as kept
from store.engine import reading, writing
from store.tables import address

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
HERE = {"postcode": "99310", "commune": "VALBOURG S/ORNE", "profil": "bénévole"}
THERE = {"postcode": "99330", "commune": "St Eloi les Valbourg"}
EITHER = {"postcode": "99320", "commune": "Valbourg-sur-Orne"}
NOWHERE = {"postcode": "75011"}
HELPERS = {"attribute": "profil", "equals": "bénévole"}


@pytest.fixture
def world(store: Engine) -> World:
    return World(store, datetime.now(UTC))


@pytest.fixture
def workspace(store: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(store, tmp_path)


@pytest.fixture
def recordings(workspace: Workspace, world: World) -> list[int]:
    world.controller()
    found = []
    for name in ("message-court", "message-identite"):
        path = EXAMPLES / f"{name}.flac"
        kept_as = keep_recording(workspace, 1, path, name=name, file_name=path.name, by="t")
        found.append(int(kept_as["id"]))
    return found


def values(**changes: Any) -> CampaignValues:
    plain: dict[str, Any] = {
        "name": "tour", "purpose": "political", "pack": "fr-political", "trunk": "rehearsal",
        "caller_id": "01 99 00 12 34", "schedule": {"any_hour": True}, "launch": {"watch": False},
    }  # fmt: skip
    return CampaignValues.model_validate({**plain, **changes})


def variants(recordings: list[int], **meant: dict[str, str]) -> list[Recorded]:
    return [
        Recorded(VariantValues(name=name, **one), [recording])  # type: ignore[arg-type]
        for recording, (name, one) in zip(recordings, meant.items(), strict=False)
    ]


def by_constituency(
    workspace: Workspace, recordings: list[int], list_id: int, **changes: Any
) -> int:
    meant = variants(recordings, un={"constituency": "1"}, deux={"constituency": "2"})
    asked = values(others="not_called", **changes)
    return prepare_campaign(workspace, 1, asked, [], [list_id], "Zoé", variants=meant)


def heard(world: World, campaign_id: int) -> dict[str, tuple[str, str | None]]:
    """State and variant by number."""
    return {one["number"]: (one["state"], one["variant"]) for one in world.targets(campaign_id)}


def test_only_members_of_the_segment_become_targets(
    world: World, workspace: Workspace, recordings: list[int]
) -> None:
    list_id = listed(world, [HERE, THERE, {**THERE, "profil": "bénévole"}, {}])
    asked = values(segment="aides", segments={"aides": HELPERS})
    made = prepare_campaign(workspace, 1, asked, recordings[:1], [list_id], "Zoé")
    assert heard(world, made) == {number(0): ("pending", None), number(2): ("pending", None)}
    world.check()
    launch.act(workspace, 1, made, Action.LAUNCH, "Zoé")
    assert len(heard(world, made)) == 2, "a launch completes nothing that was left out"
    assert why(workspace, 1, number(1)) == []
    with reading(workspace.engine) as connection:
        (event,) = [
            one for one in audit.latest(connection, 1, 9) if one["act"] == "campaign.prepare"
        ]
    assert event["detail"]["segment"] == "aides"


def test_a_preparation_that_was_cut_short_is_whole_once_launched(
    world: World, workspace: Workspace, recordings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id = listed(world, [HERE, THERE, HERE, HERE])
    asked = values(segment="aides", segments={"aides": HELPERS})
    fill, turns = targets.fill, iter([True, False])

    def cut_short(*arguments: Any) -> int | None:
        if not next(turns):
            raise StoreUnavailable("the power went")
        return fill(*arguments)

    monkeypatch.setattr(filling, "FILL_AT_ONCE", 2)
    monkeypatch.setattr(targets, "fill", cut_short)
    with pytest.raises(StoreUnavailable):
        prepare_campaign(workspace, 1, asked, recordings[:1], [list_id], "Zoé")
    monkeypatch.setattr(targets, "fill", fill)
    assert len(heard(world, 1)) == 1
    launch.act(workspace, 1, 1, Action.LAUNCH, "Zoé")
    assert len(heard(world, 1)) == 3
    world.check()


def test_a_launch_does_not_look_again_at_whole_lists(
    world: World, workspace: Workspace, recordings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id = listed(world, [HERE, THERE])
    asked = values(segment="aides", segments={"aides": HELPERS})
    made = prepare_campaign(workspace, 1, asked, recordings[:1], [list_id], "Zoé")
    monkeypatch.setattr(targets, "fill", None)
    assert launch.act(workspace, 1, made, Action.LAUNCH, "Zoé") is CampaignState.RUNNING


def test_without_segments_nothing_changes(
    world: World, workspace: Workspace, recordings: list[int]
) -> None:
    list_id = listed(world, [HERE, {}])
    made = prepare_campaign(workspace, 1, values(), recordings[:1], [list_id], "Zoé")
    assert heard(world, made) == {number(0): ("pending", None), number(1): ("pending", None)}
    with reading(workspace.engine) as connection:
        row = kept.row(connection, 1, made)
        assert (row["selection"], row["variants"]) == (None, {})
        assert connection.execute(select(address)).all() == []


def test_the_first_variant_that_fits_is_heard_and_others_hear_the_message(
    world: World, workspace: Workspace, recordings: list[int]
) -> None:
    list_id = listed(world, [HERE, THERE, {}])
    segments = {"aides": HELPERS, "ici": {"place": "postcode", "starts_with": "99"}}
    meant = variants(recordings * 2, b={"segment": "aides"}, a={"segment": "ici"})
    asked = values(segments=segments)
    made = prepare_campaign(workspace, 1, asked, recordings[:1], [list_id], "Zoé", variants=meant)
    assert [one[1] for one in heard(world, made).values()] == ["b", "a", None]
    with reading(workspace.engine) as connection:
        campaign = kept.by_id(connection, made)
    assert campaign.heard_by("b").path == campaign.heard_by(None).path
    assert campaign.heard_by("a").path != campaign.heard_by("b").path
    assert campaign.longest_ms == max(one.ms for one in campaign.variants.values())
    with pytest.raises(InvalidInput, match="no message"):
        campaign.heard_by("c")


def test_each_hears_their_own_candidate_or_is_held_back(
    world: World, workspace: Workspace, recordings: list[int]
) -> None:
    with_table(world.engine)
    list_id = listed(world, [HERE, THERE, EITHER, NOWHERE, {**EITHER, "station": "02"}])
    made = by_constituency(workspace, recordings, list_id)
    assert heard(world, made) == {
        number(0): ("pending", "un"),
        number(1): ("pending", "deux"),
        number(2): ("refused", None),
        number(3): ("refused", None),
        number(4): ("pending", "deux"),
    }
    world.check()
    with reading(workspace.engine) as connection:
        counts = tallies.of_campaign(connection, made)
        campaign = kept.by_id(connection, made)
    assert counts[tallies.GATE] == {Gate.DOUBTFUL_ADDRESS: 2}
    with pytest.raises(InvalidInput, match="no message"):
        campaign.heard_by(None)
    (answer,) = why(workspace, 1, number(2))
    assert answer.gate is Gate.DOUBTFUL_ADDRESS
    (answer,) = why(workspace, 1, number(1))
    assert answer.variant == "deux"


def test_who_is_of_no_variant_is_not_called_where_the_file_says_so(
    world: World, workspace: Workspace, recordings: list[int]
) -> None:
    with_table(world.engine)
    list_id = listed(world, [HERE, THERE, EITHER])
    meant = variants(recordings, un={"constituency": "1"})
    asked = values(others="not_called")
    made = prepare_campaign(workspace, 1, asked, [], [list_id], "Zoé", variants=meant)
    assert heard(world, made) == {number(0): ("pending", "un"), number(2): ("refused", None)}


def test_the_report_of_doubtful_addresses_says_which_line_and_why(
    world: World, workspace: Workspace, recordings: list[int]
) -> None:
    with_table(world.engine)
    list_id = listed(world, [HERE, EITHER, NOWHERE, {"postcode": "1", "commune": "x"}])
    made = by_constituency(workspace, recordings, list_id)
    file = io.StringIO()
    found = constituencies.doubtful(workspace, 1, made)
    assert constituencies.write_doubtful(file, found) == 3
    rows = list(csv.DictReader(io.StringIO(file.getvalue()), delimiter=";"))
    assert [(one["line"], one["postcode"], one["commune"], one["reason"]) for one in rows] == [
        ("3", "99320", "Valbourg-sur-Orne", "ambiguous"),
        ("4", "75011", "", "incomplete"),
        ("5", "1", "x", "unknown"),
    ]
    assert all(one["remedy"] for one in rows)
    with pytest.raises(NotFound):
        list(constituencies.doubtful(workspace, world.controller("B"), made))


def test_a_better_table_resolves_those_it_knows_and_moves_nobody_else(
    world: World, workspace: Workspace, recordings: list[int]
) -> None:
    with_table(world.engine)
    elsewhere = {"postcode": "99340", "commune": "La Grève"}
    list_id = listed(world, [HERE, EITHER, elsewhere, elsewhere, NOWHERE])
    made = by_constituency(workspace, recordings, list_id)
    with_table(world.engine, "circo;cp;commune\n2;99340;LA GREVE\n2;99310;Valbourg-sur-Orne\n")
    before = heard(world, made)
    assert constituencies.resolve(workspace, 1, made, "Zoé") == 2
    after = {number(2): ("pending", "deux"), number(3): ("pending", "deux")}
    assert heard(world, made) == {**before, **after}
    world.check()
    assert constituencies.resolve(workspace, 1, made, "Zoé") == 0
    world.check()
    with reading(workspace.engine) as connection:
        acts = [one["act"] for one in audit.latest(connection, 1, 9)]
    assert acts.count("campaign.resolve") == 2


def test_there_is_nothing_to_resolve_without_constituencies_or_after_the_end(
    world: World, workspace: Workspace, recordings: list[int]
) -> None:
    with_table(world.engine)
    list_id = listed(world, [HERE, EITHER])
    plain = prepare_campaign(workspace, 1, values(), recordings[:1], [list_id], "Zoé")
    with pytest.raises(NotAllowed, match="constituency"):
        constituencies.resolve(workspace, 1, plain, "Zoé")
    made = by_constituency(workspace, recordings, list_id, name="b")
    launch.act(workspace, 1, made, Action.STOP, "Zoé")
    with pytest.raises(NotAllowed, match=CampaignState.STOPPED):
        constituencies.resolve(workspace, 1, made, "Zoé")


def test_a_list_added_later_is_chosen_from_as_the_first_was(
    world: World, workspace: Workspace, recordings: list[int]
) -> None:
    with_table(world.engine)
    made = by_constituency(workspace, recordings, listed(world, [HERE]))
    with_table(world.engine, "circo;cp;commune\n9;99310;Valbourg-sur-Orne\n")
    more = listed(world, [HERE, THERE, EITHER], first=10)
    assert add_list(workspace, 1, made, more, "Zoé").added == 3
    assert heard(world, made) == {
        number(0): ("pending", "un"),
        number(10): ("pending", "un"),
        number(11): ("pending", "deux"),
        number(12): ("refused", None),
    }
    world.check()


@pytest.mark.parametrize(
    ("changes", "meant", "field"),
    [
        ({"segment": "x"}, {}, "segment"),
        ({"segments": {"a": {"attribute": "religion", "equals": "x"}}}, {}, "segments.a.attribute"),
        ({"segments": {"Musulmans": HELPERS}}, {}, "segments"),
        ({}, {"v": {}}, "variants.v"),
        ({"segments": {"a": HELPERS}}, {"v": {"segment": "a", "constituency": "1"}}, "variants.v"),
        ({}, {"v": {"segment": "a"}}, "variants.v.segment"),
        ({}, {"v": {"constituency": "1"}}, "segments"),  # there is no table
    ],
)
def test_what_cannot_be_asked_is_refused_and_nothing_is_kept(
    world: World,
    workspace: Workspace,
    recordings: list[int],
    changes: dict[str, Any],
    meant: dict[str, dict[str, str]],
    field: str,
) -> None:
    list_id = listed(world, [HERE])
    with pytest.raises(InvalidInput) as caught:
        prepare_campaign(
            workspace, 1, values(**changes), recordings, [list_id], "Zoé",
            variants=variants(recordings, **meant),
        )  # fmt: skip
    assert caught.value.field == field
    with reading(workspace.engine) as connection:
        assert kept.rows_of(connection, 1) == []


def test_a_constituency_that_the_table_does_not_have(
    world: World, workspace: Workspace, recordings: list[int]
) -> None:
    with_table(world.engine)
    list_id = listed(world, [HERE])
    with pytest.raises(InvalidInput, match=r"«3».*such as 1, 2"):
        prepare_campaign(
            workspace, 1, values(), recordings[:1], [list_id], "Zoé",
            variants=variants(recordings, trois={"constituency": "3"}),
        )  # fmt: skip


def test_there_must_be_a_message_for_whoever_is_called(
    world: World, workspace: Workspace, recordings: list[int]
) -> None:
    list_id = listed(world, [HERE])
    segments = {"aides": HELPERS}
    meant = variants(recordings, v={"segment": "aides"})
    with pytest.raises(InvalidInput, match="nothing to say"):
        prepare_campaign(
            workspace, 1, values(segments=segments), [], [list_id], "Zoé", variants=meant
        )


def test_a_look_counts_and_shows_no_number_whole(world: World, workspace: Workspace) -> None:
    with_table(world.engine)
    list_id = listed(world, [HERE, THERE, EITHER, NOWHERE])
    segments = {"aides": HELPERS, "deux": {"place": "constituency", "equals": "2"}}
    meant = [VariantValues(name="un", constituency="1"), VariantValues(name="d", segment="deux")]
    found = look(workspace, 1, values(segments=segments), meant, [list_id], count=2)
    assert found.people == 4
    assert found.segments == {"aides": 1, "deux": 1}
    assert found.fates == {"un": 1, "d": 1, "doubtful address": 2}
    assert [one.fate for one in found.some] == ["un", "d"]
    assert all("••" in one.number and "9800" not in one.number for one in found.some)
    plain = look(workspace, 1, values(), [], [list_id])
    assert plain.fates == {"its own message": 4}


def test_the_same_table_again_changes_nothing_and_bad_rows_are_refused(world: World) -> None:
    first = with_table(world.engine)
    assert (first.rows, first.constituencies, first.unchanged) == (4, 2, False)
    again = with_table(world.engine)
    assert (again.table_id, again.unchanged) == (first.table_id, True)
    text = "circo;cp;commune\n1;99310;Valbourg\n;99320;Valbourg\n2;;Valbourg\n2;75012;Paris 11\n"
    newer = with_table(world.engine, text)
    assert (newer.rows, [one.code for one in newer.rejects]) == (
        1, ["no_constituency", "no_place", "no_place"],
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="circonscription"):
        with_table(world.engine, "cp;commune\n99310;Valbourg\n")
    with pytest.raises(InvalidInput, match="no row"):
        with_table(world.engine, "circo;cp;commune\n1;;\n")
    with reading(world.engine) as connection:
        newest = places.newest(connection)
    assert newest is not None
    assert newest["id"] == newer.table_id, "what was refused is never asked"


def test_a_list_s_address_is_kept_under_one_name_whatever_the_file_calls_it(
    world: World,
) -> None:
    text = "tel;CP;Ville;Code INSEE;Bureau de vote;rue\n0639980001;1000;Bourg;1053;12;Foch\n"
    declared = Provenance("Comité", "form", None, ("political",), {})
    report = import_list(
        world.engine, world.controller(), io.BytesIO(text.encode()), name="l", file_name="l.csv",
        provenance=declared, by="Zoé",
    )  # fmt: skip
    with reading(world.engine) as connection:
        (contact,) = lists.contacts(connection, report.list_id, 0, 9)
        found, _ = places.addresses(connection, report.list_id, 0, 9)
    assert contact["attributes"] == {
        "postcode": "01000", "commune": "Bourg", "insee": "1053", "station": "12", "rue": "Foch",
    }  # fmt: skip
    assert found == {Address("01000", "Bourg", "1053", "12")}


def test_addresses_go_with_their_list(world: World, workspace: Workspace) -> None:
    with_table(world.engine)
    list_id = listed(world, [HERE, THERE])
    meant = [VariantValues(name="un", constituency="1")]
    look(workspace, 1, values(), meant, [list_id])
    undo_import(world.engine, 1, list_id, "Zoé")
    with writing(world.engine) as connection:
        assert connection.execute(select(address)).all() == []
