"""The wire form: whatever is sent, however it is divided, comes out as it was."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import PbxError
from dialer.ami import blocks
from dialer.ami.blocks import BlockReader, Headers, text_of, value_of

# Anything but CR LF, which no value can hold on the wire; a final CR would make one.
VALUES = st.text(max_size=30).filter(lambda text: "\r\n" not in text and not text.endswith("\r"))
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True)
BLOCKS = st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=6)


def wire(pairs: list[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in pairs).encode() + b"\r\n"


@given(st.lists(BLOCKS, max_size=6), st.lists(st.integers(1, 40), max_size=40))
def test_every_header_comes_out_as_it_went_in(
    sent: list[list[tuple[str, str]]], cuts: list[int]
) -> None:
    stream = b"".join(wire(pairs) for pairs in sent)
    reader, got = BlockReader(), []
    for size in [*cuts, len(stream)]:
        piece, stream = stream[:size], stream[size:]
        got += reader.feed(piece)
    assert [Headers(block).pairs for block in got] == sent


@pytest.mark.parametrize("last", [1, 2, 3, 4])
def test_a_block_is_given_with_its_last_byte(last: int) -> None:
    whole = wire([("Event", "X"), ("Key", "1")])
    reader = BlockReader()
    assert reader.feed(whole[:-last]) == []
    assert reader.feed(whole[-last:]) == [whole[:-4]]


def test_a_long_block_in_small_pieces_costs_no_more_than_its_length() -> None:
    whole = wire([("Line", "x" * 90)] * 20_000)
    reader = BlockReader()
    before = time.process_time()
    got = [block for at in range(0, len(whole), 97) for block in reader.feed(whole[at : at + 97])]
    assert time.process_time() - before < 0.5
    assert got == [whole[:-4]]


@given(BLOCKS)
def test_a_value_read_from_the_bytes_is_that_of_the_first_header_of_its_name(
    pairs: list[tuple[str, str]],
) -> None:
    block = wire([("Event", "X"), *pairs]).removesuffix(b"\r\n\r\n")
    headers = Headers(block)
    for name, _ in pairs:
        assert text_of(block, f"\r\n{name}: ".encode()) == next(
            value for key, value in pairs if key == name
        )
        assert headers.all(name) == [value for key, value in pairs if key == name]


def test_an_absent_header_is_empty() -> None:
    assert value_of(b"Event: X\r\nKey: 1", b"\r\nKeys: ") == b""
    assert Headers(b"Event: X").get("Key") == ""


def test_bytes_that_are_no_utf8_are_replaced_and_the_rest_is_kept() -> None:
    assert Headers(b"Name: Besan\xe7on").pairs == [("Name", "Besan\ufffdon")]


def test_a_block_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCK", 1000)
    reader = BlockReader()
    reader.feed(b"x" * 1000)
    with pytest.raises(PbxError, match="block"):
        reader.feed(b"x")
