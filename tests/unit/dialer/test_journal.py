"""The journal is read whole, whatever a crash or a stray hand left in it."""

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import PbxError
from campaigns.reply import read_reply
from dialer.events import CallEnded, Replied
from dialer.journal import (
    KEPT,
    SETTLED,
    Journal,
    OptOutPressed,
    Started,
    kept,
    names_any,
    parse,
    read,
    records_of,
)

END = b"end|a1|1795293299419|1795293297000|16|id@host|optout|1234|61|60|59|SIP 200 OK|35"
ENDED = CallEnded(
    attempt_id="a1",
    ended_ms=1795293299419,
    answered_ms=1795293297000,
    cause=16,
    tech="SIP 200 OK",
    sip_call_id="id@host",
    result="optout",
    heard_ms=1234,
    rtp_sent=61,
    rtp_received=60,
    keys="59",
    first_ms=35,
)


def test_each_kind_of_line_is_read() -> None:
    assert parse(b"start|a1|7") == Started("a1", 7)
    assert parse(b"start|a1") == Started("a1"), "of a version before"
    assert parse(b"optout|a1|1795293298000") == OptOutPressed("a1", 1795293298000)
    assert parse(b"reply|a1|1795293298000|answer|2|#") == Replied(
        "a1", read_reply("1795293298000", "answer", "2", "#")
    )
    assert parse(END) == ENDED


def test_the_moment_of_a_refusal_is_in_utc() -> None:
    assert OptOutPressed("a1", 1500).at == datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)


def test_a_call_whose_end_knows_little_is_read() -> None:
    ended = parse(b"end|a1|1795293299419|0||||0|0|0||")
    assert isinstance(ended, CallEnded)
    assert (ended.cause, ended.tech, ended.result, ended.keys) == (0, "", "", "")
    assert ended.first_ms is None


def test_a_line_of_an_earlier_version_is_read_and_time_never_runs_backwards() -> None:
    assert parse(END.removesuffix(b"|35")) == replace(ENDED, first_ms=None)
    assert parse(END.replace(b"|35", b"|-4")) == replace(ENDED, first_ms=0)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"start",
        b"start|",
        b"start|a1|more",
        b"optout|a1",
        b"optout|a1|soon",
        b"reply|a1|1795293298000|answer|2",
        b"reply|a1|soon|answer|2|1",
        b"reply|a1|1795293298000|answer|2|9",
        b"reply|a1|1795293298000|opinion|2|1",
        b"reply|a1|1795293298000|transfer|0|lost",
        b"end|a1",
        END + b"|more",
        END.replace(b"1234", b"far"),
        b"unknown|a1",
        b"\xff\xfe|a1",
        b"\0\0\0\0",
    ],
)
def test_a_line_that_means_nothing_is_no_record(line: bytes) -> None:
    assert parse(line) is None


def test_garbage_is_counted_and_hides_nothing(tmp_path: Path) -> None:
    file = tmp_path / "j"
    file.write_bytes(b"start|a1\nstart|a\xff\n\nend|half\n" + END + b"\n")
    reading = read(file)
    assert reading.records == [Started("a1"), ENDED]
    assert reading.garbage == 3


def test_a_journal_not_made_yet_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "none", 7) == ([], 7, 0)


@given(cut=st.integers(0, 200), texts=st.lists(st.sampled_from([b"start|a1", END]), max_size=3))
def test_reading_on_after_any_cut_misses_and_repeats_nothing(
    tmp_path_factory: pytest.TempPathFactory, cut: int, texts: list[bytes]
) -> None:
    file = tmp_path_factory.mktemp("journal") / "j"
    whole = b"".join(text + b"\n" for text in texts)
    file.write_bytes(whole[:cut])
    first = read(file)
    file.write_bytes(whole)
    second = read(file, first.offset)
    assert first.records + second.records == [parse(text) for text in texts]
    assert first.garbage == second.garbage == 0


def test_new_calls_go_to_a_new_file_once_the_old_one_is_large(tmp_path: Path) -> None:
    journal = Journal(tmp_path, max_bytes=10)
    first = journal.current()
    assert not first.exists()
    first.write_bytes(b"start|a1\n")
    assert journal.current() == first
    first.write_bytes(b"start|a1\nstart|a2\n")
    second = journal.current()
    assert second != first
    second.write_bytes(b"start|a3\n")
    assert journal.files() == [first, second]


def test_a_restarted_dialer_goes_on_with_the_newest_file(tmp_path: Path) -> None:
    first = Journal(tmp_path).current()
    first.write_bytes(b"start|a1\n")
    assert Journal(tmp_path).current() == first


def test_nothing_is_appended_to_a_torn_line(tmp_path: Path) -> None:
    torn = Journal(tmp_path).current()
    torn.write_bytes(b"start|a1\nend|a")
    assert Journal(tmp_path).current() != torn
    assert read(torn).records == [Started("a1")]


def test_numbers_are_never_used_again_after_retiring(tmp_path: Path) -> None:
    journal = Journal(tmp_path, max_bytes=1)
    old = journal.current()
    old.write_bytes(b"start|a1\n")
    new = journal.current()
    journal.retire(old)
    assert journal.files() == []
    assert journal.current() == new


def test_what_is_settled_is_put_aside_and_gone_a_week_later(tmp_path: Path) -> None:
    journal = Journal(tmp_path, max_bytes=1)
    for _ in range(3):
        journal.current().write_bytes(b"start|a1|7\n")
    first, second, _ = journal.files()
    journal.retire(first)
    assert [path.name for path in kept(tmp_path)] == [f"0000000{n}.journal" for n in (1, 2, 3)]
    long_ago = time.time() - KEPT.total_seconds() - 60
    os.utime(tmp_path / SETTLED / first.name, (long_ago, long_ago))
    journal.retire(second)
    assert [path.name for path in (tmp_path / SETTLED).iterdir()] == [second.name]


def test_the_file_of_new_calls_is_never_retired(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.current().write_bytes(b"start|a1\n")
    with pytest.raises(ValueError, match="new calls"):
        journal.retire(journal.current())
    assert journal.files() == [journal.current()]


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["start", "optout", "end"]))))
def test_what_is_looked_for_is_all_that_a_whole_reading_finds(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "00000001.journal"
    lines = {
        "start": "start|{}",
        "optout": "optout|{}|1772449200000",
        "end": "end|{}|1772449205000|0|17|id||0|0|0||SIP 486",
    }
    path.write_text("".join(f"{lines[kind].format(who)}\nnonsense\n" for who, kind in written))
    with path.open("a") as stream:
        stream.write("optout|A|17724")  # torn
    wanted = {"A"}
    expected = [
        one
        for one in read(path).records
        if one.attempt_id in wanted or isinstance(one, OptOutPressed)
    ]
    assert list(records_of(path, wanted)) == expected
    assert names_any(path, wanted) == any(who == "A" for who, _ in written)


def test_the_journal_of_another_node_is_left_alone(tmp_path: Path) -> None:
    """What it lacks of this node's calls would look as if they had never been."""
    Journal(tmp_path).recognise("a", expected=False)
    Journal(tmp_path).recognise("a", expected=True)
    with pytest.raises(PbxError, match=r"is the journal of the node «a».*--node a"):
        Journal(tmp_path).recognise("b", expected=False)
    Journal(tmp_path).recognise("a", expected=True)


def test_a_mark_that_names_nobody_becomes_that_of_whoever_uses_it(tmp_path: Path) -> None:
    """An earlier version wrote it."""
    (tmp_path / "journal-of-the-pbx").touch()
    Journal(tmp_path).recognise("a", expected=True)
    with pytest.raises(PbxError, match="«a»"):
        Journal(tmp_path).recognise("b", expected=True)
