"""A number that is not to be called stays so, whatever is imported after."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from campaigns.contacts.fault import InvalidNumber
from campaigns.contacts.suppression import SuppressionReason
from campaigns.errors import InvalidInput
from operations.suppress import (
    Owner,
    SuppressionReport,
    end_of,
    import_suppressions,
    listed,
    suppress,
)
from store import audit, controllers, suppressions
from store.engine import open_engine, reading, sqlite_url, writing
from store.schema import upgrade

OPERATOR = Owner.operator()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_engine(sqlite_url(tmp_path / "suppressions.db"))
    upgrade(made)
    yield made
    made.dispose()


def owner(engine: Engine, name: str) -> Owner:
    with writing(engine) as connection:
        return Owner.controller(controllers.ensure(connection, name, datetime.now(UTC)))


def run(engine: Engine, whose: Owner, content: str) -> SuppressionReport:
    return import_suppressions(
        engine, whose, io.BytesIO(content.encode()), file_name="stop.csv", by="Zoé"
    )


def only(engine: Engine, whose: Owner) -> dict[str, Any]:
    (row,) = listed(engine, whose)
    return row


def test_one_number_is_suppressed_however_it_is_written(engine: Engine) -> None:
    assert suppress(engine, OPERATOR, "06 39 98 00 01", by="Zoé", source="letter of 3 May")
    assert not suppress(engine, OPERATOR, "+33639980001", by="test", source="again")
    row = only(engine, OPERATOR)
    assert (row["number"], row["source"]) == ("+33639980001", "letter of 3 May")
    assert row["reason"] == SuppressionReason.MANUAL.value
    with pytest.raises(InvalidNumber):
        suppress(engine, OPERATOR, "17", by="test", source="")


def test_a_later_shorter_one_never_weakens_the_first(engine: Engine) -> None:
    number = "0639980001"
    suppress(engine, OPERATOR, number, by="test", source="a", expires_on=date(2030, 1, 1))
    suppress(engine, OPERATOR, number, by="test", source="b", expires_on=date(2027, 1, 1))
    assert only(engine, OPERATOR)["expires_at"] == end_of(date(2030, 1, 1))
    suppress(engine, OPERATOR, number, by="test", source="c")
    suppress(engine, OPERATOR, number, by="test", source="d", expires_on=date(2031, 1, 1))
    assert only(engine, OPERATOR)["expires_at"] is None


def test_a_file_suppresses_and_says_what_it_could_not_read(engine: Engine) -> None:
    whose = owner(engine, "Comité")
    content = (
        "téléphone;date;motif;jusqu'au\n"
        "06 39 98 00 01;01/02/2026;courrier;\n"
        "+33 6 39 98 00 01;;;\n"
        "01 99 00 00 02;;;31/12/2027\n"
        "inconnu;;;\n"
    )
    report = run(engine, whose, content)
    assert (report.rows, report.added, report.known) == (4, 2, 1)
    assert [(reject.line, reject.code) for reject in report.rejects] == [(5, "letters")]
    first, second = listed(engine, whose)
    assert first["created_at"] == datetime(2026, 2, 1, tzinfo=UTC)
    assert (first["source"], first["expires_at"]) == ("stop.csv, line 2: courrier", None)
    assert second["expires_at"] == datetime(2028, 1, 1, 10, tzinfo=UTC)
    again = run(engine, whose, content)
    assert (again.added, again.known) == (0, 3)
    assert listed(engine, whose) == [first, second]


def test_the_longest_of_several_rows_of_one_file_holds(engine: Engine) -> None:
    days = ("31/12/2027", "31/12/2029", "31/12/2028")
    content = "tel;until\n" + "".join(f"0639980001;{day}\n" for day in days)
    assert (run(engine, OPERATOR, content).added, run(engine, OPERATOR, content).added) == (1, 0)
    assert only(engine, OPERATOR)["expires_at"] == end_of(date(2029, 12, 31))


def test_a_date_to_come_does_not_postpone_the_refusal(engine: Engine) -> None:
    run(engine, OPERATOR, "tel;date\n0639980001;01/01/2199\n")
    assert only(engine, OPERATOR)["created_at"] <= datetime.now(UTC) + timedelta(seconds=1)


def test_an_owner_sees_and_stops_only_what_is_its_own(engine: Engine) -> None:
    mine, theirs = owner(engine, "Comité"), owner(engine, "Autre")
    suppress(engine, mine, "0639980001", by="test", source="a")
    suppress(engine, OPERATOR, "0639980002", by="test", source="b")
    numbers = ["+33639980001", "+33639980002", "+33639980003"]
    now = datetime.now(UTC)
    with reading(engine) as connection:
        assert suppressions.in_force(connection, numbers, mine.id, 1, now) == set(numbers[:2])
        assert suppressions.in_force(connection, numbers, theirs.id, 1, now) == {numbers[1]}
    assert listed(engine, theirs) == []


def test_listing_goes_on_from_where_it_was(engine: Engine) -> None:
    for number in range(5):
        suppress(engine, OPERATOR, f"063998000{number}", by="test", source="x")
    first = listed(engine, OPERATOR, count=3)
    rest = listed(engine, OPERATOR, after=first[-1]["id"], count=3)
    assert [row["number"][-1] for row in first + rest] == list("01234")


def test_a_day_that_is_over_suppresses_nothing_and_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInput, match="that day is over"):
        suppress(engine, OPERATOR, "0639980001", by="x", source="x", expires_on=date(2020, 1, 1))
    assert listed(engine, OPERATOR) == []


def test_the_last_year_there_is_means_for_ever(engine: Engine) -> None:
    run(engine, OPERATOR, "numero;until\n0639980001;31/12/9999\n")
    assert only(engine, OPERATOR)["expires_at"] is None


def test_whoever_suppresses_is_on_record_without_the_number(engine: Engine) -> None:
    mine = owner(engine, "Comité")
    suppress(engine, mine, "06 39 98 00 01", source="letter", by="Léa")
    run(engine, mine, "numero\n0639980002\n")
    with reading(engine) as connection:
        acts = audit.latest(connection, mine.id, 10)
    assert [(act["actor"], act["act"]) for act in acts] == [
        ("Zoé", "suppression.import"),
        ("Léa", "suppression.add"),
    ]
    assert "39980001" not in str(acts).replace(" ", "")
