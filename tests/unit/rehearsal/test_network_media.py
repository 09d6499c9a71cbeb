"""The packets themselves, as a socket receives them."""

import io
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import soundfile

from rehearsal.behaviour import Voice
from rehearsal.datagrams import (
    HEAD,
    Datagrams,
    KernelBatches,
    PlainSockets,
    Received,
    lost_by_kernel,
    open_socket,
)
from rehearsal.lane import Lane
from rehearsal.reception import Reception
from rehearsal.voices import FRAME, Library, load_library

HEADS = np.zeros((4, HEAD), np.uint8)
"""Of packets of which only the number counts."""


@dataclass(frozen=True)
class Packet:
    marker: bool
    payload: int
    seq: int
    time: int
    ssrc: int
    body: bytes


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture(params=[KernelBatches, PlainSockets])
def datagrams(request: pytest.FixtureRequest) -> Datagrams:
    moving: Datagrams = request.param()
    return moving


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with open_socket("127.0.0.1", 0) as sock:
        yield sock


@pytest.fixture
def lane(datagrams: Datagrams, library: Library) -> Iterator[Lane]:
    with open_socket("127.0.0.1", 0) as sock:
        yield Lane(sock, datagrams, library)


def _play(lane: Lane, library: Library, listener: socket.socket, voice: Voice) -> int:
    track = library.tracks[voice][0]
    slot = lane.play(listener.getsockname(), 8, "PCMA/8000", track)
    assert slot is not None
    return slot


def _take(listener: socket.socket) -> list[Packet]:
    packets: list[Packet] = []
    while True:
        try:
            data = listener.recv(2048)
        except BlockingIOError:
            return packets
        version, payload, seq, time, ssrc = struct.unpack(">BBHII", data[:12])
        assert version == 0x80
        packets.append(Packet(payload > 127, payload & 127, seq, time, ssrc, data[12:]))


def test_a_stream_is_one_rtp_source_of_20_ms_packets(
    lane: Lane, library: Library, listener: socket.socket
) -> None:
    _play(lane, library, listener, Voice.HUMAN)
    for _ in range(30):
        lane.tick()
    packets = _take(listener)
    assert len(packets) == 30
    assert {(p.payload, p.ssrc, len(p.body)) for p in packets} == {(8, packets[0].ssrc, FRAME)}
    first = packets[0]
    assert [(p.seq, p.time) for p in packets] == [
        ((first.seq + n) % 2**16, (first.time + n * FRAME) % 2**32) for n in range(30)
    ]
    track = library.tracks[Voice.HUMAN][0]
    spoken = library.frames["PCMA/8000"][track.first : track.first + 30]
    assert b"".join(p.body for p in packets) == spoken.tobytes()


def test_sequence_and_time_wrap(lane: Lane, library: Library, listener: socket.socket) -> None:
    slot = _play(lane, library, listener, Voice.SILENCE)
    lane._seq[slot], lane._time[slot] = 2**16 - 2, 2**32 - FRAME
    for _ in range(3):
        lane.tick()
    assert [(p.seq, p.time) for p in _take(listener)] == [(65535, 0), (0, 160), (1, 320)]


def test_a_recording_ends_and_its_background_goes_on(
    lane: Lane, library: Library, listener: socket.socket
) -> None:
    _play(lane, library, listener, Voice.HUMAN)
    track = library.tracks[Voice.HUMAN][0]
    length = track.end - track.first
    for _ in range(length + 1):
        lane.tick()
    frames = library.frames["PCMA/8000"]
    assert _take(listener)[-1].body == frames[track.loop].tobytes()


def test_a_key_is_sent_as_rfc_4733_says(
    lane: Lane, library: Library, listener: socket.socket
) -> None:
    slot = _play(lane, library, listener, Voice.SILENCE)
    released: list[int] = []
    lane.tick()
    lane.press(slot, "#", 101, 0.16, lambda: released.append(lane.sent))
    for _ in range(14):
        lane.tick()
    packets = _take(listener)
    assert [p.payload for p in packets] == [8] + [101] * 10 + [8] * 4
    events = packets[1:11]
    fields = [struct.unpack(">BBH", p.body) for p in events]
    assert {code for code, _, _ in fields} == {11}
    assert [duration for *_, duration in fields] == [
        *range(FRAME, 8 * FRAME, FRAME),
        *[8 * FRAME] * 3,
    ]
    assert [volume >> 7 for _, volume, _ in fields] == [0] * 7 + [1] * 3
    assert [p.marker for p in events] == [True] + [False] * 9
    assert {p.time for p in events} == {packets[0].time + FRAME}
    assert [p.seq for p in packets] == list(range(packets[0].seq, packets[0].seq + 15))
    assert packets[11].time == packets[0].time + 11 * FRAME
    assert released == [9]


def test_a_key_in_the_sound_is_two_tones_and_no_event(
    lane: Lane, library: Library, listener: socket.socket
) -> None:
    slot = _play(lane, library, listener, Voice.SILENCE)
    lane.press(slot, "6", None, 0.16, lambda: None)
    for _ in range(12):
        lane.tick()
    packets = _take(listener)
    assert {p.payload for p in packets} == {8}
    assert [p.time - packets[0].time for p in packets] == [n * FRAME for n in range(12)]
    sound = b"".join(p.body for p in packets[:8])
    spectrum = np.abs(np.fft.rfft(_pcm(sound)))
    hertz = np.fft.rfftfreq(len(sound), 1 / 8000)
    loudest = sorted(hertz[np.argsort(spectrum)[-2:]])
    assert loudest == [pytest.approx(770, abs=7), pytest.approx(1477, abs=7)]
    assert {p.body for p in packets[8:]} == {packets[11].body}


def _pcm(alaw: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    samples, _ = soundfile.read(
        io.BytesIO(alaw), format="RAW", samplerate=8000, channels=1, subtype="ALAW"
    )
    return np.asarray(samples)


def test_two_keys_at_once_follow_each_other(
    lane: Lane, library: Library, listener: socket.socket
) -> None:
    slot = _play(lane, library, listener, Voice.SILENCE)
    order: list[str] = []
    for digit in "19":
        lane.press(slot, digit, 101, 0.04, lambda digit=digit: order.append(digit))  # type: ignore[misc]
    for _ in range(12):
        lane.tick()
    codes = [p.body[0] for p in _take(listener) if p.payload == 101]
    assert codes == [1] * 4 + [9] * 4
    assert order == ["1", "9"]


def test_a_stopped_stream_frees_its_slot_and_drops_its_key(
    lane: Lane, library: Library, listener: socket.socket
) -> None:
    slot = _play(lane, library, listener, Voice.SILENCE)
    lane.press(slot, "9", 101, 0.16, lambda: pytest.fail("released after the end"))
    lane.tick()
    lane.stop(slot)
    lane.tick()
    assert len(_take(listener)) == 1
    assert _play(lane, library, listener, Voice.SILENCE) == slot
    lane.tick()
    (packet,) = _take(listener)
    assert (packet.payload, len(packet.body)) == (8, FRAME)


def test_packets_are_counted_by_source_port(datagrams: Datagrams) -> None:
    reception = Reception()
    with (
        open_socket("127.0.0.1", 0) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        mouth.bind(("127.0.0.1", 0))
        stranger.bind(("127.0.0.1", 0))
        port = mouth.getsockname()[1]
        reception.listen(port, 8)
        for payload in (8, 8, 101, 13, 8):
            mouth.sendto(bytes([0x80, payload]) + bytes(170), ear.getsockname())
        mouth.sendto(bytes([0x80, 8]) + bytes(90), ear.getsockname())
        stranger.sendto(bytes([0x80, 8]) + bytes(170), ear.getsockname())
        while (batch := datagrams.receive(ear, 5.0)) is not None:
            reception.count(batch)
        heard = reception.heard(port)
        assert reception.total == 7
        assert (heard.packets, heard.seconds) == (4, 0.07)
        assert heard.first_at is not None
        assert heard.last_at is not None
        assert heard.first_at <= heard.last_at
        assert lost_by_kernel([ear]) == 0


def test_first_and_last_packet_are_told_apart_within_one_batch() -> None:
    reception = Reception()
    reception.listen(4000, 8)
    reception.listen(4002, 8)
    ports = np.array([4000, 4002, 4000, 4000])
    kinds, sizes = np.full(4, 8, np.uint8), np.full(4, 172)
    reception.count(Received(ports, kinds, sizes, np.array([1.0, 1.5, 2.0, 3.0]), HEADS))
    reception.count(Received(ports[:1], kinds[:1], sizes[:1], np.array([4.0]), HEADS))
    heard = reception.heard(4000)
    assert (heard.first_at, heard.last_at, heard.packets, heard.seconds) == (1.0, 4.0, 4, 0.08)
    assert reception.heard(4002).packets == 1


def test_a_port_in_new_hands_starts_from_nothing() -> None:
    reception = Reception()
    reception.listen(4000, 8)
    kind, size, at = np.array([8], np.uint8), np.array([172]), np.array([1.0])
    batch = Received(np.array([4000]), kind, size, at, HEADS)
    reception.count(batch)
    reception.forget(4000)
    reception.count(batch)
    reception.listen(4000, 8)
    assert reception.heard(4000).first_at is None


def test_a_moved_port_keeps_its_count() -> None:
    reception = Reception()
    reception.listen(4000, 8)
    row = (np.array([8], np.uint8), np.array([172]))
    reception.count(Received(np.array([4000]), *row, np.array([1.0]), HEADS))
    reception.move(4000, 4002)
    reception.count(Received(np.array([4002]), *row, np.array([2.0]), HEADS))
    reception.count(Received(np.array([4000]), *row, np.array([3.0]), HEADS))
    heard = reception.heard(4002)
    assert (heard.first_at, heard.last_at, heard.packets) == (1.0, 2.0, 2)


def _samples(library: Library, voice: Voice, which: int) -> bytes:
    track = library.tracks[voice][which]
    return library.frames["PCMA/8000"][track.first : track.end].tobytes()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_people_are_never_digitally_silent_and_machines_end_in_silence(
    library: Library, which: int
) -> None:
    frames = library.frames["PCMA/8000"]
    human, machine = library.tracks[Voice.HUMAN][which], library.tracks[Voice.MACHINE][which]
    assert all(len(set(frame.tolist())) > 4 for frame in frames[human.loop : human.end])
    assert len(set(frames[machine.loop : machine.end].ravel().tolist())) == 1


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_greeting_is_spoken_for_some_seconds_and_ends_in_a_beep(
    library: Library, which: int
) -> None:
    track = library.tracks[Voice.MACHINE][which]
    seconds = (track.loop - track.first) * 0.02
    assert 4.0 <= seconds <= 7.5
    beep = library.frames["PCMA/8000"][track.loop - 10 : track.loop].ravel()
    # At 8 kHz a tone of 1 kHz repeats every 8 samples.
    assert (beep[:-8] == beep[8:]).mean() > 0.9
