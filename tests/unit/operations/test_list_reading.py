"""A large file is read by another process, and nothing comes of it that would not otherwise."""

import io
import pickle
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from campaigns.contacts.basis import Provenance
from campaigns.errors import InvalidInput
from operations import list_reading
from operations.columns import CONTACT_FIELDS, match_columns
from operations.import_list import ImportProgress, ImportReport, import_list
from operations.import_list import rejects as refused
from operations.list_reader import answer
from operations.list_reading import Piece, Wanted, reading_list
from operations.spreadsheet import open_sheet
from store import controllers, lists
from store.engine import reading, writing

PROVENANCE = Provenance("Comité", "form", date(2025, 9, 1), ("political",), {"w": "J'accepte."})
HEADER = "telephone;nom;date_consentement;source;formulation"
LATEST = date(2026, 11, 26)


def row(number: int) -> str:
    """One in seven is no number, and one in ten is there twice."""
    phone = "?" if number % 7 == 3 else f"063998{number - number % 10 // 9:04}"
    return f"{phone};Zoé;2025-05-01;site;w"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_text("\n".join((HEADER, *map(row, range(5000)))) + "\n", "utf-8")
    return path


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is."""
    monkeypatch.setattr(list_reading, "LARGE", 0)


def wanted(stream: Any, after: int = 0) -> Wanted:
    columns = match_columns(open_sheet(stream).header, CONTACT_FIELDS)
    stream.seek(0)
    return Wanted(1, columns, PROVENANCE, LATEST, after)


def run(
    engine: Engine, name: str, file: Path, progress: Callable[[ImportProgress], None] | None = None
) -> ImportReport:
    with writing(engine) as connection:
        owner = controllers.ensure(connection, name, datetime.now(UTC))
    with file.open("rb") as stream:
        return import_list(
            engine, owner, stream, name="l", file_name="l.csv", provenance=PROVENANCE, by="Zoé",
            progress=progress,
        )  # fmt: skip


def contents(engine: Engine, name: str, report: ImportReport) -> tuple[Any, Any]:
    with writing(engine) as connection:
        owner = controllers.ensure(connection, name, datetime.now(UTC))
    with reading(engine) as connection:
        people = lists.contacts(connection, report.list_id, 0, 10_000)
    drop = {"id", "list_id"}
    kept = [{key: one[key] for key in one if key not in drop} for one in people]
    return kept, list(refused(engine, owner, report.list_id))


def test_another_process_finds_what_this_one_would(
    store: Engine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = contents(store, "A", run(store, "A", file))
    monkeypatch.setattr(list_reading, "LARGE", 0)
    seen: list[ImportProgress] = []
    apart = contents(store, "B", run(store, "B", file, seen.append))
    assert apart == here
    assert min(map(len, here)) > 500
    assert seen[-1].rows == 5000
    assert seen[-1].bytes_read == seen[-1].bytes_total


def test_an_import_that_died_goes_on_behind_the_line_it_came_to(
    large: None, store: Engine, file: Path
) -> None:
    class Death(Exception):
        pass

    def dies(progress: ImportProgress) -> None:
        if progress.rows > 1000:
            raise Death

    with pytest.raises(Death):
        run(store, "A", file, dies)
    whole = contents(store, "A", run(store, "A", file))
    assert whole == contents(store, "B", run(store, "B", file))


def test_a_reader_that_dies_loses_nothing(
    large: None, store: Engine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(list_reading, "READER", "this_program_is_not_there")
        with pytest.raises(InvalidInput, match="goes on where it stopped"):
            run(store, "A", file)
    assert run(store, "A", file).rows == 5000


def lines(pieces: Iterable[Piece]) -> list[int]:
    """Of all rows, kept or refused."""
    found = []
    for piece in pieces:
        found += [one[1] for some in piece.contacts for one in some]
        found += [one.line for one in piece.refused]
    return sorted(found)


def test_the_reader_ends_with_whoever_asked(large: None, file: Path) -> None:
    with file.open("rb") as stream:
        rows = open_sheet(stream).rows()
        stream.seek(0)
        with reading_list(stream, file.stat().st_size, rows, wanted(stream)) as found:
            assert next(found.pieces).rows == 5000
            assert found.spent_s > 0
            process = found._process  # type: ignore[attr-defined]
            assert process.poll() in {None, 0}  # it may be through already
    assert process.returncode is not None


def test_a_file_in_memory_is_read_here(large: None) -> None:
    stream = io.BytesIO(f"{HEADER}\n{row(1)}\n".encode())
    asked = wanted(stream)
    with reading_list(stream, 1, open_sheet(stream).rows(), asked) as found:
        assert lines(found.pieces) == [2]
        assert found.spent_s == 0


def test_pieces_grow_and_every_row_is_in_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_reading, "FIRST_PIECE", 300)
    monkeypatch.setattr(list_reading, "PIECE", 2000)
    sizes, seen, before = [], [], 0
    with file.open("rb") as stream:
        asked = wanted(stream)
        for piece in asked.pieces(open_sheet(stream).rows(), stream.tell):
            contacts = [one for some in piece.contacts for one in some]
            assert len(contacts) == piece.count
            assert contacts == sorted(contacts, key=lambda one: (one[2], one[1]))
            here = sorted([one[1] for one in contacts] + [one.line for one in piece.refused])
            assert before < here[0] <= here[-1] == piece.line
            sizes.append(piece.rows)
            seen += here
            before = piece.line
    assert sizes == [300, 600, 1200, 2000, 900]
    assert seen == list(range(2, 5002))


def test_the_reader_begins_behind_a_line(file: Path) -> None:
    with file.open("rb") as stream:
        told = [one for some in answer(stream, wanted(stream, after=4999)) for one in some]
    refused = [one.line for each in told if each.piece for one in each.piece.refused]
    assert sorted([*refused, *(one[1] for each in told for one in each.contacts)]) == [5000, 5001]
    assert (told[-1].piece, told[-1].contacts, told[-1].fault) == (None, [], None)


def test_what_is_wrong_with_a_file_is_told(file: Path) -> None:
    with file.open("rb") as stream:
        asked = wanted(stream)
    ((told,),) = answer(io.BytesIO(b"%PDF-1.7"), asked)
    assert told.fault is not None
    assert "PDF" in str(InvalidInput(*told.fault))
    assert pickle.loads(pickle.dumps(told)) == told  # noqa: S301 - it goes from process to process
