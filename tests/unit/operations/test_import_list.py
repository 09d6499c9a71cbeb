"""Every row of a file becomes a contact or a refused row; nothing is lost or taken twice."""

import io
import time
from collections.abc import Iterator
from contextlib import suppress as suppress_error
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from campaigns.contacts.basis import Evidence, Provenance
from campaigns.contacts.slot import read_slot
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from operations import import_list as importing
from operations import list_keeping, list_reading
from operations.columns import Field
from operations.import_list import ImportProgress, ImportReport, import_list
from operations.rejects import Reject, write_rejects
from operations.suppress import Owner, import_suppressions, listed, suppress
from store import audit, controllers, lists
from store.engine import open_engine, reading, sqlite_url, writing
from store.schema import upgrade

WORDINGS = {"w1": "J'accepte d'être appelé par un automate."}
PROVENANCE = Provenance("Comité", "paper form", date(2025, 9, 1), ("political",), WORDINGS)
HEADER = "telephone;nom;date_consentement;source;formulation"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_engine(sqlite_url(tmp_path / "lists.db"))
    upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def controller(engine: Engine) -> int:
    return controller_named(engine, "Comité")


def controller_named(engine: Engine, name: str) -> int:
    with writing(engine) as connection:
        return controllers.ensure(connection, name, datetime.now(UTC))


def run(engine: Engine, controller_id: int, content: str, **more: Any) -> ImportReport:
    arguments: dict[str, Any] = {"name": "liste", "file_name": "liste.csv", "by": "Zoé"}
    file = io.BytesIO(content.encode())
    declared = more.pop("provenance", PROVENANCE)
    return import_list(engine, controller_id, file, provenance=declared, **arguments, **more)


def kept(engine: Engine, list_id: int) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        return lists.contacts(connection, list_id, 0, 100_000)


def csv_of(*rows: str) -> str:
    return "\n".join((HEADER, *rows)) + "\n"


def mobile(number: int) -> str:
    return f"063998{number:04}"


def test_a_row_becomes_a_contact_with_its_proof(engine: Engine, controller: int) -> None:
    report = run(engine, controller, csv_of("06 39 98 00 01;Zoé;14/03/2025;marché;w1"))
    (contact,) = kept(engine, report.list_id)
    assert (report.rows, report.accepted, report.rejected) == (1, 1, 0)
    assert report.evidence == {Evidence.NONE: 0, Evidence.LIST: 0, Evidence.ROW: 1}
    assert contact | {"id": 0} == {
        "id": 0,
        "list_id": report.list_id,
        "line": 2,
        "number": "+33639980001",
        "kind": "mobile",
        "zones": "Europe/Paris",
        "fictional": True,
        "external_id": None,
        "attributes": {"nom": "Zoé"},
        "evidence": "row",
        "consented_on": date(2025, 3, 14),
        "consent_source": "marché",
        "wording_id": "w1",
        "slot": None,
        "consent_expires_on": None,
        "withdrawn_on": None,
    }


def test_rows_without_their_own_proof_rest_on_the_list(engine: Engine, controller: int) -> None:
    report = run(
        engine,
        controller,
        csv_of(
            f"{mobile(1)};a;;marché;w1",
            f"{mobile(2)};b;un jour;marché;w1",
            f"{mobile(3)};c;2025-03-14;marché;w9",
        ),
    )
    assert report.evidence == {Evidence.NONE: 0, Evidence.LIST: 3, Evidence.ROW: 0}
    assert kept(engine, report.list_id)[1]["attributes"]["date_consentement"] == "un jour"


def test_a_list_that_declares_nothing_proves_nothing(engine: Engine, controller: int) -> None:
    bare = Provenance("", "", None, ("political",), {})
    report = run(engine, controller, csv_of(f"{mobile(1)};a;;;"), provenance=bare)
    assert report.evidence == {Evidence.NONE: 1, Evidence.LIST: 0, Evidence.ROW: 0}


def test_a_refused_row_says_where_what_and_why(engine: Engine, controller: int) -> None:
    report = run(engine, controller, csv_of(f"{mobile(1)};a;;;", "0899 00 00 00;b;;;"))
    (reject,) = importing.rejects(engine, controller, report.list_id)
    assert (reject.line, reject.field, reject.value) == (3, "telephone", "0899 00 00 00")
    assert reject.code == "premium"
    assert "premium" in reject.reason
    assert reject.remedy


def test_a_duplicate_names_the_line_of_the_first(engine: Engine, controller: int) -> None:
    far = [f"{mobile(number)};x;;;" for number in range(2, 3000)]
    content = csv_of(f"{mobile(1)};a;;;", "+33 6 39 98 00 01;b;;;", *far, "06.39.98.00.01;c;;;")
    report = run(engine, controller, content)
    assert (report.accepted, report.duplicates) == (2999, 2)
    found = list(importing.rejects(engine, controller, report.list_id))
    assert [reject.line for reject in found] == [3, 3002]
    assert {reject.reason for reject in found} == {"The same number is on line 2."}


def test_the_same_file_twice_changes_nothing(engine: Engine, controller: int) -> None:
    content = csv_of(f"{mobile(1)};a;;;", "12;b;;;")
    first = run(engine, controller, content)
    again = run(engine, controller, content)
    assert again.unchanged
    assert not first.unchanged
    assert (again.list_id, again.rows, again.reasons) == (first.list_id, 2, first.reasons)
    assert len(kept(engine, first.list_id)) == 1


def test_another_controller_has_its_own_list(engine: Engine, controller: int) -> None:
    other = controller_named(engine, "Autre")
    content = csv_of(f"{mobile(1)};a;;;")
    mine, theirs = run(engine, controller, content), run(engine, other, content)
    assert theirs.list_id != mine.list_id
    assert not theirs.unchanged
    with pytest.raises(NotFound):
        importing.report(engine, other, mine.list_id)
    with pytest.raises(NotFound):
        list(importing.rejects(engine, other, mine.list_id))


class Death(Exception):
    """The process dies here."""


def test_an_import_that_is_resumed_goes_on_with_its_first_columns(
    engine: Engine, controller: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a list by one column and half by another would call people by others' numbers."""
    monkeypatch.setattr(list_keeping, "_FIRST_BATCH", 1)
    content = "telephone;bureau;nom\n" + "".join(
        f"{mobile(number)};{mobile(number + 100)};x\n" for number in range(1, 4)
    )

    def dies(progress: ImportProgress) -> None:
        raise Death

    with pytest.raises(Death):
        run(engine, controller, content, mapping={Field.PHONE: "bureau"}, progress=dies)
    report = run(engine, controller, content, mapping={Field.EXTERNAL_ID: "nom"})
    numbers = [contact["number"] for contact in kept(engine, report.list_id)]
    assert numbers == [f"+336399801{number:02}" for number in (1, 2, 3)]
    assert {contact["external_id"] for contact in kept(engine, report.list_id)} == {None}


@pytest.mark.parametrize("after", [1, 2500, 6000])
def test_an_import_that_dies_is_resumed_by_the_same_file(
    engine: Engine, controller: int, after: int
) -> None:
    rows = [f"{mobile(number % 4000)};x;;;" if number % 7 else "?;x;;;" for number in range(6000)]
    content = csv_of(*rows)

    def dies(progress: ImportProgress) -> None:
        if progress.rows >= after:
            raise Death

    with pytest.raises(Death):
        run(engine, controller, content, progress=dies)
    with reading(engine) as connection:
        (half,) = lists.all_of(connection, controller)
    assert half["state"] == "importing"
    assert kept(engine, half["id"])
    assert half["rows"] == (6000 if after == 6000 else 0), "a piece is noted when it is whole"
    whole = run(engine, controller, content)
    untroubled = run(engine, controller_named(engine, "Autre"), content)
    assert whole.list_id == half["id"]
    assert (whole.rows, whole.accepted, whole.rejected) == (
        untroubled.rows,
        untroubled.accepted,
        untroubled.rejected,
    )
    assert [row["line"] for row in kept(engine, whole.list_id)] == [
        row["line"] for row in kept(engine, untroubled.list_id)
    ]


def test_people_are_listed_in_the_order_of_the_file(engine: Engine, controller: int) -> None:
    """They are kept by number: their ids are in another order."""
    numbers = [f"+3363998{number:04}" for number in (9, 2, 7, 1, 8)]
    report = run(engine, controller, csv_of(*(f"{one};x;;;" for one in numbers)))
    with reading(engine) as connection:
        first = lists.contacts(connection, report.list_id, 0, 3)
        second = lists.contacts(connection, report.list_id, first[-1]["line"], 3)
    ids = [one["id"] for one in (*first, *second)]
    assert [one["number"] for one in (*first, *second)] == numbers
    assert ids != sorted(ids)


def test_two_imports_of_one_file_at_once_do_not_mix(engine: Engine, controller: int) -> None:
    content = csv_of(*(f"{mobile(number)};x;;;" for number in range(3000)))

    def overtaken(progress: ImportProgress) -> None:
        if progress.rows <= 1000:
            run(engine, controller, content)

    with pytest.raises(NotAllowed, match="being imported"):
        run(engine, controller, content, progress=overtaken)
    report = run(engine, controller, content)
    assert (report.accepted, report.rejected) == (3000, 0)


def test_progress_reaches_the_end_of_the_file(engine: Engine, controller: int) -> None:
    content = csv_of(*(f"{mobile(number)};x;;;" for number in range(2000)))
    seen: list[ImportProgress] = []
    run(engine, controller, content, progress=seen.append)
    assert [one.rows for one in seen] == sorted({one.rows for one in seen})
    size = len(content.encode())
    assert seen[-1] == ImportProgress(2000, size, size, seen[0].list_id)


def test_whoever_imports_is_on_record_once(engine: Engine, controller: int) -> None:
    content = csv_of(f"{mobile(1)};x;;;")
    run(engine, controller, content)
    run(engine, controller, content)
    with reading(engine) as connection:
        acts = audit.latest(connection, controller, 10)
    assert [act["act"] for act in acts] == ["list.import"]


def test_suppressed_numbers_are_kept_and_counted(engine: Engine, controller: int) -> None:
    other = controller_named(engine, "Autre")
    suppress(engine, Owner.operator(), mobile(1), by="test", source="test")
    suppress(engine, Owner.controller(controller), mobile(2), by="test", source="test")
    suppress(engine, Owner.controller(controller), mobile(1), by="test", source="test")
    suppress(engine, Owner.controller(other), mobile(3), by="test", source="test")
    past = io.BytesIO(f"numero;until\n{mobile(4)};01/01/2020\n".encode())
    import_suppressions(engine, Owner.operator(), past, file_name="past.csv", by="test")
    report = run(engine, controller, csv_of(*(f"{mobile(n)};x;;;" for n in range(1, 6))))
    assert (report.accepted, report.suppressed) == (5, 2)


def test_a_person_s_own_zone_is_added_to_the_number_s(engine: Engine, controller: int) -> None:
    content = f"tel;fuseau\n{mobile(1)};Indian/Reunion\n{mobile(2)};Ile de France\n0692123456;\n"
    report = run(engine, controller, content)
    assert [row["zones"] for row in kept(engine, report.list_id)] == [
        "Europe/Paris|Indian/Reunion",
        "Indian/Mayotte|Indian/Reunion",
    ]
    assert report.reasons == {"unknown_timezone": 1}


def test_the_user_may_say_which_column_is_which(engine: Engine, controller: int) -> None:
    content = f"a;b;code postal\nX7;{mobile(1)};75011\n"
    mapping = {Field.PHONE: "b", Field.EXTERNAL_ID: "a"}
    report = run(engine, controller, content, mapping=mapping)
    (contact,) = kept(engine, report.list_id)
    assert (contact["external_id"], contact["attributes"]) == ("X7", {"postcode": "75011"})


TERMS = "telephone;créneau horaire;fin_consentement;date_retrait"


def test_what_a_consent_says_is_kept_or_the_row_is_refused(engine: Engine, controller: int) -> None:
    rows = (
        f"{mobile(1)};lun-ven 18h-20h;31/12/2027;",
        f"{mobile(2)};;;",
        f"{mobile(3)};le soir;;",
        f"{mobile(4)};22h-2h;;",
        f"{mobile(5)};;bientôt;",
        f"{mobile(6)};;;oui",
    )
    declared = replace(PROVENANCE, slot=read_slot("10h-12h"), expires_on=date(2028, 6, 30))
    report = run(engine, controller, "\n".join((TERMS, *rows)) + "\n", provenance=declared)
    assert [(one["slot"], one["consent_expires_on"]) for one in kept(engine, report.list_id)] == [
        ("mon-fri 18:00-20:00", date(2027, 12, 31)),
        ("10:00-12:00", date(2028, 6, 30)),
    ]
    refused = list(importing.rejects(engine, controller, report.list_id))
    assert [(one.line, one.field, one.value, one.code) for one in refused] == [
        (4, "créneau horaire", "le soir", "slot_unreadable"),
        (5, "créneau horaire", "22h-2h", "slot_ends_first"),
        (6, "fin_consentement", "bientôt", "consent_expiry_unreadable"),
        (7, "date_retrait", "oui", "withdrawal_unreadable"),
    ]
    assert all(one.reason and one.remedy for one in refused)
    with reading(engine) as connection:
        assert importing.declared(lists.one(connection, controller, report.list_id)) == declared


def test_a_withdrawal_suppresses_for_its_controller_also_in_other_lists(
    engine: Engine, controller: int
) -> None:
    older = run(engine, controller, csv_of(f"{mobile(1)};x;;;"))
    assert older.suppressed == 0
    other = controller_named(engine, "Autre")
    run(engine, other, csv_of(f"{mobile(1)};x;;;"))
    rows = (f"{mobile(2)};;;", f"{mobile(2)};;;01/05/2026", f"{mobile(1)};;;01/05/2026")
    report = run(engine, controller, "\n".join((TERMS, *rows)) + "\n")
    assert report.suppressed == 2, "a duplicate row that says so counts too"
    withdrawn = kept(engine, report.list_id)[1]
    assert (withdrawn["number"], withdrawn["withdrawn_on"]) == ("+33639980001", date(2026, 5, 1))
    assert importing.report(engine, controller, older.list_id).suppressed == 1
    found = {one["number"]: one for one in listed(engine, Owner.controller(controller))}
    assert found["+33639980001"]["source"] == "list 3, line 4: consent withdrawn on 2026-05-01"
    assert listed(engine, Owner.controller(other)) == []
    with reading(engine) as connection:
        acts = [act["act"] for act in audit.latest(connection, controller, 2)]
    assert acts == ["suppression.withdraw", "list.import"]
    with reading(engine) as connection:
        assert audit.last_at(connection, controller, "suppression.import") is None


@pytest.mark.parametrize("large", [0, 1 << 40], ids=["apart", "here"])
def test_a_withdrawal_in_a_row_that_is_refused_suppresses_all_the_same(
    engine: Engine, controller: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, large: int
) -> None:
    monkeypatch.setattr(list_reading, "LARGE", large)
    header = "telephone;fuseau;créneau horaire;fin_consentement;date_retrait"
    file = tmp_path / "list.csv"
    file.write_text(
        f"{header}\n"
        f"{mobile(1)};Mars/Olympus;;;01/05/2026\n"
        f"{mobile(2)};;le soir;;01/05/2026\n"
        f"{mobile(3)};;;bientôt;oui\n"
        f"{mobile(4)};;;;oui\n"
        f"{mobile(5)};;le soir;;\n"
        f"06 39 98;;;;01/05/2026\n",
        encoding="utf-8",
    )
    with file.open("rb") as stream:
        report = import_list(
            engine, controller, stream, name="List", file_name="list.csv", provenance=PROVENANCE,
            by="Zoé",
        )  # fmt: skip
    assert (report.accepted, report.rejected) == (0, 6)
    assert [one.code for one in importing.rejects(engine, controller, report.list_id)] == [
        "unknown_timezone", "slot_unreadable", "consent_expiry_unreadable",
        "withdrawal_unreadable", "slot_unreadable", "too_short",
    ]  # fmt: skip
    found = {one["number"]: one["source"] for one in listed(engine, Owner.controller(controller))}
    assert sorted(found) == [f"+3363998000{one}" for one in range(1, 5)]
    assert found["+33639980004"] == (
        "list 1, line 5: consent withdrawn; row refused: withdrawal_unreadable"
    )


@pytest.mark.parametrize(("written", "kept_as"), [("1000", "01000"), ("75011", "75011")])
def test_a_postcode_has_its_zero_back(
    engine: Engine, controller: int, written: str, kept_as: str
) -> None:
    report = run(engine, controller, f"tel;code postal\n{mobile(1)};{written}\n")
    (contact,) = kept(engine, report.list_id)
    assert contact["attributes"] == {"postcode": kept_as}


@pytest.mark.parametrize("content", ["nom;prenom\na;b\n", f"{HEADER}\n", ""])
def test_a_file_that_is_no_list_leaves_no_trace(
    engine: Engine, controller: int, content: str
) -> None:
    with pytest.raises(InvalidInput):
        run(engine, controller, content)
    with reading(engine) as connection:
        assert lists.all_of(connection, controller) == []


ROWS = st.lists(
    st.one_of(
        st.integers(0, 30).map(lambda n: f"{mobile(n)};x;2025-01-01;s;w1"),
        st.sampled_from(
            [
                "",
                ";;;;",
                "12;x;;;",
                ";sans numéro;;;",
                f"{mobile(5)}",
                f"{mobile(6)};a;b;c;d;trop;de;cellules",
                f'{mobile(7)};"deux\nlignes";;;',
                f'{mobile(8)};"point;virgule";;;',
                f"{mobile(9)};nul\0 dans un nom;2025-01-01;source;w1",
            ]
        ),
    ),
    max_size=60,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(rows=ROWS, after=st.integers(1, 60))
def test_every_row_is_accounted_for_exactly_once(
    engine: Engine, rows: list[str], after: int
) -> None:
    """Whether or not the import dies on the way, and whatever the rows hold."""
    content = csv_of(f"{mobile(9999)};first;;;", *rows)
    controller_id = controller_named(engine, f"{time.monotonic_ns()}")

    def dies(progress: ImportProgress) -> None:
        if progress.rows >= after:
            raise Death

    with pytest.MonkeyPatch.context() as patch:
        for name in ("_SMALLEST_BATCH", "_FIRST_BATCH", "_LARGEST_BATCH"):
            patch.setattr(list_keeping, name, 7)
        for name in ("FIRST_PIECE", "PIECE"):
            patch.setattr(list_reading, name, 16)
        with suppress_error(Death):
            run(engine, controller_id, content, progress=dies)
        report = run(engine, controller_id, content)
    expected = []
    line = 3
    for row in rows:
        if row.strip(";"):
            expected.append(line)
        line += 1 + row.count("\n")
    accepted = [contact["line"] for contact in kept(engine, report.list_id)]
    refused = [reject.line for reject in importing.rejects(engine, controller_id, report.list_id)]
    assert sorted(accepted + refused) == [2, *expected]
    assert (report.rows, report.accepted, report.rejected) == (
        len(expected) + 1,
        len(accepted),
        len(refused),
    )
    numbers = [contact["number"] for contact in kept(engine, report.list_id)]
    assert len(numbers) == len(set(numbers))


def test_a_reject_file_is_safe_in_a_spreadsheet() -> None:
    text = io.StringIO()
    formula = '=HYPERLINK("http://x";"y")'
    rejects = [
        Reject(7, "=tel", formula, "letters", "It contains letters.", "Keep the digits only."),
        Reject(8, "tel", "+44 7700 900123", "foreign", "It is foreign.", "-"),
    ]
    assert write_rejects(text, rejects) == 2
    lines = text.getvalue().split("\r\n")
    assert lines[0] == "line;field;value;code;reason;remedy"
    assert lines[1].startswith("7;'=tel;\"'=HYPERLINK")
    assert lines[2] == "8;tel;'+44 7700 900123;foreign;It is foreign.;'-"


def test_a_value_without_end_is_cut() -> None:
    assert len(Reject(1, "tel", "x" * 5000, "letters", "", "").value) == 200
