"""Every measured defect of asterisk-ami 0.1.7, as a promise of ours.

Each test runs on our client, and on the library as it is published, where it is expected to fail:
when a release of the library mends one, the strict mark says so.
"""

import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ami_server import AmiServer, ignore
from ami_subjects import PATIENCE, Ours, Plain, Subject, wait_until

from campaigns.errors import PbxError
from dialer.ami import AmiPatience

Make = Callable[..., Subject]


def clients(plain_fails: str = "") -> pytest.MarkDecorator:
    """Run on ours and on the plain library, which fails for the reason given."""
    marks = [
        # Threads of the plain library die of what is sent here; that is its way to fail.
        pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
        pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    ]
    if plain_fails:
        marks.append(pytest.mark.xfail(strict=True, reason=plain_fails))
    return pytest.mark.parametrize(
        "kind", [pytest.param(Ours, id="ours"), pytest.param(Plain, id="plain", marks=marks)]
    )


@pytest.fixture
def server() -> Iterator[AmiServer]:
    running = AmiServer()
    yield running
    running.close()


@pytest.fixture
def make(kind: type[Subject]) -> Iterator[Make]:
    made: list[Subject] = []

    def one(server: AmiServer, **changes: object) -> Subject:
        made.append(kind(server, **changes))
        return made[-1]

    yield one
    for each in made:
        each.close()


@pytest.fixture
def subject(make: Make, server: AmiServer) -> Subject:
    one = make(server)
    one.log_in()
    wait_until(lambda: len(one.events) == 1)
    one.events.clear()
    return one


def received(subject: Subject, server: AmiServer, *pieces: bytes) -> list[tuple[str, str]]:
    """The one event that comes of these pieces, each sent by itself."""
    for piece in pieces:
        server.send(piece)
        time.sleep(0.002 if len(pieces) > 1 else 0)
    wait_until(lambda: len(subject.events) == 1, subject.hears_within_s)
    return subject.events[0]


def event(*lines: str) -> bytes:
    return "\r\n".join(["Event: UserEvent", *lines, "", ""]).encode()


class TestReading:
    @clients()
    def test_a_character_split_between_two_reads_stays_whole(
        self, subject: Subject, server: AmiServer
    ) -> None:
        whole = event("CallerIDName: Besançon")
        cut = whole.index("ç".encode()) + 1
        got = received(subject, server, whole[:cut], whole[cut:])
        assert ("CallerIDName", "Besançon") in got

    @clients("the last of a repeated header wins")
    def test_a_repeated_header_is_kept_each_time(self, subject: Subject, server: AmiServer) -> None:
        got = received(subject, server, event("Key: 1", "Key: 2"))
        assert [value for name, value in got if name == "Key"] == ["1", "2"]

    @clients("a ChanVariable without = is dropped")
    def test_every_chanvariable_is_kept(self, subject: Subject, server: AmiServer) -> None:
        got = received(subject, server, event("ChanVariable: A=1", "ChanVariable: bare"))
        assert [value for name, value in got if name == "ChanVariable"] == ["A=1", "bare"]

    @clients("str.splitlines ends a line at any of these")
    @pytest.mark.parametrize("separator", ["\u2028", "\u0085", "\x0b", "\x0c", "\x1c"])
    def test_a_separator_of_lines_in_a_value_is_part_of_it(
        self, subject: Subject, server: AmiServer, separator: str
    ) -> None:
        value = f"Anne{separator}UserEvent: PvOptOut"
        got = received(subject, server, event(f"CallerIDName: {value}"))
        assert got[1:] == [("CallerIDName", value)]

    @clients("a bare LF forges a header")
    @pytest.mark.parametrize("separator", ["\n", "\r"])
    def test_a_bare_lf_or_cr_forges_no_header(
        self, subject: Subject, server: AmiServer, separator: str
    ) -> None:
        value = f"Anne{separator}UserEvent: PvOptOut"
        got = received(subject, server, event(f"CallerIDName: {value}"))
        assert got[1:] == [("CallerIDName", value)]

    @clients("a header without a space after its colon is dropped")
    def test_an_empty_value_is_kept(self, subject: Subject, server: AmiServer) -> None:
        assert ("Data", "") in received(subject, server, event("Data:", "Key: 1"))

    @clients()
    def test_an_end_of_block_that_comes_byte_by_byte_is_seen(
        self, subject: Subject, server: AmiServer
    ) -> None:
        whole = event("Key: 1")
        got = received(subject, server, whole[:-4], *(bytes([each]) for each in whole[-4:]))
        assert got[1:] == [("Key", "1")]

    @clients("each read searches the whole reply again: 4 MB take seconds")
    def test_a_reply_of_4_mb_costs_no_more_than_its_length(
        self, subject: Subject, server: AmiServer
    ) -> None:
        # In CPU time of this process, so that a busy machine does not matter.
        before = time.process_time()
        body = event(*(f"Line: {'x' * 90}" for _ in range(40_000)))
        built = time.process_time()
        server.send(body)
        wait_until(lambda: len(subject.events) == 1, 20.0)
        assert time.process_time() - built < 1.0 + (built - before)

    @clients()
    def test_the_answer_of_an_asynchronous_originate_is_an_event(
        self, subject: Subject, server: AmiServer
    ) -> None:
        assert subject.answer("Originate", {"Async": "true", "ActionID": "o1"}) == "Success"
        server.send(b"Event: OriginateResponse\r\nActionID: o1\r\nResponse: Failure\r\n\r\n")
        wait_until(lambda: bool(subject.events))
        assert ("Response", "Failure") in subject.events[0]


class TestStayingAlive:
    @clients("the reader's thread dies of the socket's time-out")
    def test_silence_does_not_end_the_reader(self, subject: Subject, server: AmiServer) -> None:
        time.sleep(1.3)
        assert ("Key", "1") in received(subject, server, event("Key: 1"))

    @clients("a callback that raises ends the reader's thread")
    def test_a_callback_that_raises_does_not_end_the_reader(
        self, subject: Subject, server: AmiServer
    ) -> None:
        called = threading.Event()

        def fail(_answer: object) -> None:
            called.set()
            raise RuntimeError("a careless callback")

        if isinstance(subject, Ours):
            subject.order("Ping", {}).add_done_callback(fail)
        else:
            subject.client.send_action(_ping(), fail)
        # What is sent before the callback was called may be read together with the answer.
        assert called.wait(5)
        assert ("Key", "1") in received(subject, server, event("Key: 1"))


class TestActions:
    @clients("CR LF in a value sends a second action")
    @pytest.mark.parametrize("value", ["x\r\n\r\nAction: Originate", "x\rb", "x\nb", "x\0b"])
    def test_a_header_cannot_smuggle_another(
        self, subject: Subject, server: AmiServer, value: str
    ) -> None:
        with pytest.raises(PbxError):
            subject.order("Getvar", {"Variable": value})
        subject.answer("Ping", {})
        assert not server.named("Getvar")
        assert not server.named("Originate")

    @clients("a lost link leaves the waiting caller waiting, and then says nothing")
    def test_a_lost_link_fails_what_waits_at_once(
        self, subject: Subject, server: AmiServer
    ) -> None:
        server.answers["Getvar"] = lambda connection, _action: connection.close()
        assert "lost" in subject.failure("Getvar")

    @clients("an action that is never answered is kept for ever")
    def test_an_unanswered_action_times_out_and_is_forgotten(
        self, subject: Subject, server: AmiServer
    ) -> None:
        server.answers["Getvar"] = ignore
        assert "no answer" in subject.failure("Getvar")
        assert subject.unanswered() == 0

    @clients("send blocks the caller, and the link is taken for alive")
    def test_a_peer_that_stops_reading_blocks_nobody_and_ends_the_link(
        self, subject: Subject, server: AmiServer
    ) -> None:
        server.reading.clear()
        before = time.monotonic()
        for _ in range(400):
            try:
                subject.order("Getvar", {"Variable": "x" * 20_000})
            except PbxError:
                break
        assert time.monotonic() - before < PATIENCE.send
        wait_until(subject.client.finished.is_set)

    @pytest.mark.parametrize("kind", [pytest.param(Ours, id="ours")])
    def test_actions_from_many_threads_have_ids_of_their_own(
        self, make: Make, server: AmiServer
    ) -> None:
        # Not run on the plain library: its unlocked counter is right by luck of CPython.
        subject = make(server, patience=AmiPatience())
        subject.log_in()

        def many() -> None:
            for _ in range(100):
                subject.order("Getvar", {"Variable": "A"})

        threads = [threading.Thread(target=many) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        server.wait_for(lambda: len(server.named("Getvar")) == 800)
        assert len({dict(each)["ActionID"] for each in server.named("Getvar")}) == 800


class TestConnecting:
    @clients("AF_INET only")
    def test_ipv6(self, make: Make) -> None:
        try:
            server = AmiServer(host="::1")
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        try:
            make(server).log_in()
        finally:
            server.close()

    @clients("no TLS")
    def test_tls(self, make: Make, certificate: Path) -> None:
        ours = ssl.create_default_context(cafile=str(certificate))
        server = AmiServer(tls=_server_side(certificate))
        try:
            # Without a Ping, which would make the server read while it sends.
            one = make(server, tls=ours, patience=AmiPatience())
            one.log_in()
            for _ in range(50):
                server.send(event("Key: 1", "Data: " + "x" * 5_000))
            wait_until(lambda: len(one.events) == 51)
        finally:
            server.close()

    @pytest.mark.parametrize("kind", [pytest.param(Ours, id="ours")])
    def test_many_actions_at_once_are_all_read_over_tls(
        self, make: Make, certificate: Path
    ) -> None:
        server = AmiServer(tls=_server_side(certificate))
        try:
            tls = ssl.create_default_context(cafile=str(certificate))
            # Without a Ping, which would make the server read on.
            one = make(server, tls=tls, patience=AmiPatience())
            one.log_in()
            # While the link's thread is busy, forty actions wait to leave together.
            one.taking.clear()
            server.send(event("Key: 1"))
            wait_until(lambda: one.busy)
            for number in range(40):
                one.order("Originate", {"Channel": f"PJSIP/{number}@loop", "Data": "x" * 500})
            one.taking.set()
            server.wait_for(lambda: len(server.named("Originate")) == 40)
        finally:
            server.close()

    @pytest.mark.parametrize("kind", [pytest.param(Ours, id="ours")])
    def test_a_certificate_of_nobody_we_know_is_refused(
        self, make: Make, certificate: Path
    ) -> None:
        server = AmiServer(tls=_server_side(certificate))
        try:
            with pytest.raises(PbxError, match="certificate"):
                make(server, tls=ssl.create_default_context()).log_in()
        finally:
            server.close()

    @clients("the thread dies of it and login waits in vain")
    @pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"x" * 2000, b""])
    def test_what_is_no_asterisk_is_said_so(self, make: Make, greeting: bytes) -> None:
        server = AmiServer()
        server.greeting = greeting
        try:
            with pytest.raises(PbxError, match="no Asterisk manager"):
                make(server).log_in()
        finally:
            server.close()


class TestEnding:
    @pytest.mark.parametrize("kind", [pytest.param(Ours, id="ours")])
    def test_a_broken_link_is_reset_so_that_nothing_sent_is_delivered_later(
        self, subject: Subject, server: AmiServer
    ) -> None:
        server.answers["Ping"] = ignore
        wait_until(lambda: bool(subject.lost))
        assert subject.lost == ["no answer to Ping in 2 s"]
        server.wait_for(lambda: server.connections[0].ended == "ConnectionResetError")

    @pytest.mark.parametrize("kind", [pytest.param(Ours, id="ours")])
    def test_logging_off_ends_in_order(self, subject: Subject, server: AmiServer) -> None:
        assert subject.client.logoff().result(20).headers.get("Response") == "Goodbye"
        wait_until(lambda: bool(subject.lost))
        assert subject.lost == ["the PBX closed the connection"]


def _ping() -> object:
    from asterisk.ami import Action  # noqa: PLC0415 - the library's own, for its own callback

    return Action("Ping")


def _server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both
