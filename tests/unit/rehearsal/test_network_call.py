"""One call at a time, on a clock of its own and without sockets for SIP."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rehearsal.behaviour import BY_ENDING, DEFAULTS, Behaviour, Plan, Press, Route, Voice
from rehearsal.call import Call
from rehearsal.datagrams import best_datagrams
from rehearsal.dialog import Dialog
from rehearsal.ledger import Ledger, LedgerCall, read
from rehearsal.media import Leg, Media
from rehearsal.sdp import read_offer
from rehearsal.sighting import Sighting
from rehearsal.sip import Address, Message, parse, tag_of
from rehearsal.timers import Timer, Timers
from rehearsal.voices import Library, load_library

PBX = ("127.0.0.1", 5060)
SDP = (
    "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP {formats}\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
)


def _request(method: str, cseq: int, tag: str = "", body: str = "") -> bytes:
    return (
        f"{method} sip:+33199000012@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK{cseq}\r\n"
        "From: <sip:0199000000@127.0.0.1>;tag=pbx\r\n"
        f"To: <sip:+33199000012@127.0.0.1>{';tag=' + tag if tag else ''}\r\n"
        "Contact: <sip:asterisk@127.0.0.1:5070>\r\n"
        "P-Asserted-Identity: <sip:0199000001@127.0.0.1>\r\n"
        f"Call-ID: c1\r\nCSeq: {cseq} {method}\r\n\r\n{body}"
    ).encode()


class Exchange:
    """Stands in for the network: time passes only when told to."""

    sip: Address = ("127.0.0.1", 5080)

    def __init__(self, path: Path, library: Library) -> None:
        self.path = path
        self.now = 1000.0
        self.sent: list[tuple[Message, Address]] = []
        self.ledger = Ledger(path)
        self.media = Media("127.0.0.1", 0, best_datagrams(), library, self.clock)
        self.forgotten = False
        self._timers = Timers()

    @property
    def arrived(self) -> float:
        return self.now

    def clock(self) -> float:
        return self.now

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        return self._timers.add(self.now + seconds, action)

    def send(self, datagram: bytes, to: Address) -> None:
        self.sent.append((parse(datagram), to))

    def forget(self, call_id: str) -> None:
        assert call_id == "c1"
        self.forgotten = True

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        while (due := self._timers.next_due()) <= until:
            self.now = due
            self._timers.run_due(due)
        self.now = until

    def take(self) -> list[int | str]:
        """What was sent since the last look: status codes and methods."""
        sent, self.sent = self.sent, []
        return [m.status if m.is_response else m.method for m, _ in sent]

    def begin(self, plan: Plan) -> Call:
        invite = parse(_request("INVITE", 1, body=SDP.format(port=30000, formats="8 101")))
        sighting = Sighting(self.ledger, invite, PBX, 1, self.now)
        sighting.planned(plan, 1)
        offer = read_offer(invite.body)
        self.call = Call(self, Dialog(self, invite, PBX), plan, offer, sighting)
        self.call.begin()
        return self.call

    def hear(self, method: str, cseq: int = 1, body: str = "") -> None:
        self.call.receive(parse(_request(method, cseq, "far", body)))

    def seen(self) -> LedgerCall:
        self.ledger.flush()
        (call,) = read(self.path)
        return call


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture
def exchange(tmp_path: Path, library: Library) -> Iterator[Exchange]:
    exchange = Exchange(tmp_path / "ledger.jsonl", library)
    yield exchange
    exchange.media.shut()
    exchange.ledger.close()


ANSWERS = DEFAULTS[Behaviour.ANSWERS_AND_LISTENS]


def _answered(exchange: Exchange, plan: Plan = ANSWERS) -> None:
    exchange.begin(plan)
    exchange.pass_time(plan.ring)
    exchange.hear("ACK")
    exchange.take()


def test_an_answered_call_ends_with_the_pbx_hanging_up(exchange: Exchange) -> None:
    exchange.begin(ANSWERS)
    assert exchange.take() == [100, 180]
    exchange.pass_time(0.2)
    ((answer, to),) = exchange.sent
    assert (answer.status, to) == (200, PBX)
    assert read_offer(answer.body).events == 101
    exchange.take()
    exchange.hear("ACK")
    exchange.pass_time(5)
    exchange.hear("BYE", 2)
    assert exchange.take() == [200]
    seen = exchange.seen()
    assert (seen.number, seen.caller_id, seen.asserted_id) == (
        "+33199000012",
        "0199000000",
        "0199000001",
    )
    assert (seen.answer_at, seen.ack_at, seen.bye_at) == (1000.2, 1000.2, 1005.2)
    assert (seen.hung_up_by, seen.status, seen.ended_at) == ("pbx", 200, 1005.2)


def test_an_answer_is_repeated_until_it_is_acknowledged(exchange: Exchange) -> None:
    exchange.begin(ANSWERS)
    exchange.pass_time(0.2)
    exchange.take()
    exchange.pass_time(3.6)
    assert exchange.take() == [200, 200, 200]
    exchange.hear("ACK")
    exchange.pass_time(20)
    assert exchange.take() == []


def test_an_answer_nobody_acknowledges_is_taken_back(exchange: Exchange) -> None:
    exchange.begin(ANSWERS)
    exchange.pass_time(40)
    assert exchange.take()[-1] == "BYE"
    assert exchange.seen().answer_at == 1000.2


def test_a_refusal_is_repeated_until_it_is_acknowledged(exchange: Exchange) -> None:
    exchange.begin(DEFAULTS[Behaviour.BUSY])
    assert exchange.take() == [100]
    exchange.pass_time(1.8)
    assert exchange.take() == [486, 486, 486]
    exchange.hear("ACK")
    exchange.pass_time(10)
    assert exchange.take() == []
    seen = exchange.seen()
    assert (seen.status, seen.ended_at, seen.ack_at) == (486, 1000.2, 1001.8)


def test_a_retransmitted_invite_gets_the_last_answer_and_is_counted(exchange: Exchange) -> None:
    exchange.begin(ANSWERS)
    exchange.take()
    exchange.hear("INVITE", 1)
    assert exchange.take() == [180]
    exchange.pass_time(0.2)
    exchange.take()
    exchange.hear("INVITE", 1)
    assert exchange.take() == [200]
    exchange.hear("ACK")
    exchange.hear("BYE", 2)
    assert exchange.seen().invite_retransmissions == 2


def test_ringing_ends_with_a_cancel(exchange: Exchange) -> None:
    exchange.begin(DEFAULTS[Behaviour.ANSWERS_LATE])
    exchange.take()
    exchange.pass_time(10)
    exchange.hear("CANCEL")
    assert exchange.take() == [200, 487]
    exchange.pass_time(15)
    assert set(exchange.take()) == {487}
    exchange.hear("ACK")
    seen = exchange.seen()
    assert (seen.cancel_at, seen.status, seen.answer_at) == (1010.0, 487, None)


def test_an_answer_may_cross_the_cancel(exchange: Exchange) -> None:
    exchange.begin(DEFAULTS[Behaviour.ANSWERS_AT_TIMEOUT])
    exchange.pass_time(25)
    exchange.take()
    exchange.hear("CANCEL")
    assert [(m.status, m.cseq[1]) for m, _ in exchange.sent] == [(200, "INVITE"), (200, "CANCEL")]
    exchange.hear("ACK")
    exchange.hear("BYE", 2)
    seen = exchange.seen()
    assert (seen.answer_at, seen.cancel_at, seen.status) == (1025.0, 1025.0, 200)


def test_our_bye_goes_to_the_contact_with_the_tags_swapped(exchange: Exchange) -> None:
    _answered(exchange, BY_ENDING["02"][0])
    exchange.pass_time(3)
    ((bye, to),) = exchange.sent
    assert (bye.method, bye.uri, to) == ("BYE", "sip:asterisk@127.0.0.1:5070", ("127.0.0.1", 5070))
    assert tag_of(bye.header("to")) == "pbx"
    assert tag_of(bye.header("from"))
    exchange.take()
    exchange.pass_time(1.6)
    assert exchange.take() == ["BYE", "BYE"]
    exchange.call.receive(parse(_request("BYE", 1).replace(b"BYE sip", b"SIP/2.0 200 sip", 1)))
    exchange.pass_time(10)
    assert exchange.take() == []
    seen = exchange.seen()
    assert (seen.hung_up_by, seen.bye_at, seen.ended_at) == ("network", 1003.2, 1003.2)


def test_two_byes_that_cross_leave_the_first_one_in_the_ledger(exchange: Exchange) -> None:
    _answered(exchange, BY_ENDING["01"][0])
    exchange.pass_time(1)
    assert exchange.take() == ["BYE"]
    exchange.hear("BYE", 2)
    assert exchange.take() == [200]
    assert exchange.seen().hung_up_by == "network"


def test_whoever_vanished_answers_nothing(exchange: Exchange) -> None:
    _answered(exchange, DEFAULTS[Behaviour.VANISHES])
    exchange.pass_time(5)
    exchange.hear("BYE", 2)
    exchange.pass_time(1)
    exchange.hear("BYE", 2)
    exchange.hear("OPTIONS", 3)
    assert exchange.take() == []
    seen = exchange.seen()
    assert (seen.hung_up_by, seen.ended_at) == ("pbx", 1005.2)
    exchange.pass_time(70)
    assert exchange.forgotten


@pytest.mark.parametrize("leaves", [True, False])
def test_a_key_that_is_down_goes_up_with_the_call(exchange: Exchange, leaves: bool) -> None:
    """Its end would be sent later than the network, or the PBX, hangs up."""
    press = Press("9", 1.0, (Route.RFC4733,))
    _answered(exchange, replace(ANSWERS, keys=(press,), hangs_up_after=1.2 if leaves else None))
    answered = exchange.now
    exchange.pass_time(1.2)
    if leaves:
        taken = _request("BYE", 1).replace(b"BYE sip", b"SIP/2.0 200 sip", 1)
        exchange.call.receive(parse(taken))
    else:
        exchange.hear("BYE", 2)
    seen = exchange.seen()
    (key,) = seen.keys
    assert (key.digit, key.start, key.end) == ("9", answered + 1.0, seen.bye_at)


def test_a_key_by_info_is_asked_again_until_answered(exchange: Exchange) -> None:
    _answered(exchange, BY_ENDING["17"][0])
    exchange.pass_time(1)
    ((info, _),) = exchange.sent
    assert (info.method, info.body) == ("INFO", b"Signal=9\r\nDuration=160\r\n")
    assert info.header("content-type") == "application/dtmf-relay"
    exchange.take()
    exchange.pass_time(0.6)
    assert exchange.take() == ["INFO"]
    assert [(k.digit, k.route, k.end) for k in exchange.seen().keys] == [("9", "info", 1001.2)]


def test_a_reason_goes_with_the_refusal_it_belongs_to(exchange: Exchange) -> None:
    exchange.begin(DEFAULTS[Behaviour.ABSENT])
    exchange.pass_time(0.2)
    refusal, _ = exchange.sent[-1]
    assert (refusal.status, refusal.header("reason")[:14]) == (480, "Q.850;cause=20")
    exchange.hear("ACK")
    assert exchange.seen().reason == refusal.header("reason")


def test_a_redirection_points_to_a_number_nobody_has(exchange: Exchange) -> None:
    exchange.begin(DEFAULTS[Behaviour.REDIRECTED])
    exchange.pass_time(0.2)
    refusal, _ = exchange.sent[-1]
    assert refusal.header("contact") == "<sip:+99933199000012@127.0.0.1:5080>"


def test_a_reinvite_is_answered_and_another_codec_refused(exchange: Exchange) -> None:
    _answered(exchange)
    exchange.hear("INVITE", 2, SDP.format(port=30002, formats="8 101"))
    exchange.hear("ACK", 2)
    assert exchange.take() == [200]
    exchange.hear("UPDATE", 3, SDP.format(port=30002, formats="0"))
    assert exchange.take() == [488]
    exchange.hear("BYE", 4)
    assert exchange.take() == [200]


def test_requests_of_no_consequence_are_answered(exchange: Exchange) -> None:
    _answered(exchange)
    for cseq, method in enumerate(("OPTIONS", "INFO", "UPDATE", "SUBSCRIBE"), 2):
        exchange.hear(method, cseq)
    assert exchange.take() == [200, 200, 200, 405]


def test_a_call_that_is_up_when_the_network_stops_has_no_end(exchange: Exchange) -> None:
    _answered(exchange)
    exchange.call.abandon()
    seen = exchange.seen()
    assert (seen.answer_at, seen.ended_at, seen.hung_up_by) == (1000.2, None, None)


def test_repeated_requests_are_answered_for_a_while_after_the_end(exchange: Exchange) -> None:
    _answered(exchange)
    exchange.hear("BYE", 2)
    exchange.hear("BYE", 2)
    assert exchange.take() == [200, 200]
    exchange.pass_time(31)
    assert not exchange.forgotten
    exchange.pass_time(2)
    assert exchange.forgotten


def _leg(exchange: Exchange, port: int) -> Leg:
    return exchange.media.open(read_offer(SDP.format(port=port, formats="8").encode()), "a")


def test_a_port_that_a_dead_pbx_left_belongs_to_the_next_call(exchange: Exchange) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as pbx:
        pbx.bind(("127.0.0.1", 0))
        port = pbx.getsockname()[1]
        left = _leg(exchange, port)
        pbx.sendto(bytes([0x80, 8]) + bytes(170), ("127.0.0.1", left.lane.port))
        exchange.media.play(left, Voice.SILENCE, 0)
        new = _leg(exchange, port)
        for _ in range(2):
            pbx.sendto(bytes([0x80, 8]) + bytes(170), ("127.0.0.1", new.lane.port))
        assert left.slot is None
        assert exchange.media.close(left).packets == 1
        assert exchange.media.close(new).packets == 2
