"""What is told of a call's sound, on packets made by hand."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.capture import PACKET, Capture, Packets, captured
from rehearsal.datagrams import HEAD, Received
from rehearsal.likeness import FRAME, NOTHING, likeness

PCMA, EVENT = 8, 101
FRAMES = 50
# A voice is none of these; but no stretch of it is like another, which is what counts here.
FILE = np.random.default_rng(5).integers(0, 256, FRAMES * FRAME, dtype=np.uint8).tobytes()


def packets(frames: Sequence[int], *, start: int = 7_000, before: int = 0) -> Packets:
    """These frames of the file, 20 ms apart, after so many frames of silence."""
    made = np.zeros(before + len(frames), PACKET)
    made["payload"], made["size"], made["octets"] = PCMA, FRAME, 0xD5
    places = [*range(-before, 0), *frames]
    made["at"] = [100.0 + 0.02 * (before + place) for place in places]
    made["time"] = [(start + place * FRAME) % 2**32 for place in places]
    for index, frame in enumerate(frames):
        sound = FILE[frame * FRAME : (frame + 1) * FRAME]
        made["octets"][before + index] = np.frombuffer(sound, np.uint8)
    return made


def test_the_file_itself_is_wholly_alike() -> None:
    found = likeness(packets(range(FRAMES)), FILE)
    assert found.correlation == pytest.approx(1.0)
    assert (found.clipped, found.lost, found.first_at, found.whole) == (0, 0, 100.0, True)


def test_who_hangs_up_early_has_heard_the_beginning_alike_and_not_the_whole() -> None:
    found = likeness(packets(range(20)), FILE)
    assert found.correlation == pytest.approx(1.0)
    assert (found.clipped, found.lost, found.whole) == (0, 0, False)


@given(st.integers(1, 20))
def test_a_clipped_start_is_told_to_the_sample(frames: int) -> None:
    found = likeness(packets(range(frames, FRAMES)), FILE)
    assert (found.clipped, found.lost) == (frames * FRAME, 0)
    assert found.correlation == pytest.approx(1.0)
    assert not found.whole


@given(st.integers(1, 30))
def test_what_comes_before_the_message_delays_its_first_sample(frames: int) -> None:
    found = likeness(packets(range(FRAMES), before=frames), FILE)
    assert found.first_at == pytest.approx(100.0 + 0.02 * frames)
    assert (found.clipped, found.whole) == (0, True)


def test_what_is_lost_is_counted_and_makes_it_less_alike() -> None:
    found = likeness(packets([n for n in range(FRAMES) if n not in {10, 11, 30}]), FILE)
    assert (found.lost, found.clipped, found.whole) == (3 * FRAME, 0, False)
    assert 0.9 < found.correlation < 0.99


def test_order_of_arrival_and_a_clock_that_turns_over_change_nothing() -> None:
    made = packets(range(FRAMES), start=2**32 - 20 * FRAME)
    mixed = made[np.random.default_rng(1).permutation(FRAMES)]
    assert likeness(mixed, FILE) == likeness(packets(range(FRAMES)), FILE)


def test_another_sound_is_not_alike() -> None:
    other = packets(range(FRAMES))
    other["octets"] = np.random.default_rng(6).integers(0, 256, (FRAMES, FRAME), np.uint8)
    assert abs(likeness(other, FILE).correlation) < 0.3


def test_keys_are_no_sound_and_no_sound_is_nothing() -> None:
    keys = packets(range(3))
    keys["payload"] = EVENT
    assert likeness(keys, FILE) == NOTHING
    assert likeness(packets([]), FILE) == NOTHING
    assert likeness(np.concatenate([keys, packets(range(FRAMES))]), FILE).whole


def test_a_capture_keeps_each_call_apart_and_follows_it_to_another_port(tmp_path: Path) -> None:
    capture = Capture(tmp_path / "kept")
    capture.begin(4000, "one/1")
    capture.begin(4002, "two")
    capture.take(_batch([4000, 4002, 4004], b"a"))
    capture.move(4000, 4006)
    capture.take(_batch([4006, 4000], b"b"))
    for port in (4006, 4002, 4004):
        capture.end(port)
    one, two = (captured(tmp_path / "kept", name) for name in ("one/1", "two"))
    assert [bytes(row["octets"])[:1] for row in one] == [b"a", b"b"]
    assert [(row["at"], row["size"], row["payload"], row["seq"]) for row in two] == [
        (1.5, 160, 0x88, 0x0102)
    ]
    assert len(list((tmp_path / "kept").iterdir())) == 2


def _batch(ports: list[int], sound: bytes) -> Received:
    count = len(ports)
    head = bytes([0x80, 0x88, 1, 2]) + bytes(8) + sound.ljust(HEAD - 12, b"\0")
    heads = np.frombuffer(head * count, np.uint8).reshape(count, HEAD)
    sizes, times = np.full(count, HEAD, np.int64), np.full(count, 1.5)
    return Received(np.array(ports), heads[:, 1] & np.uint8(0x7F), sizes, times, heads)
