"""The network as a process: starting, stopping, dying, and SIPp as its caller."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from network_rig import ROOT, ended, eventually, run_sipp, running_network

from rehearsal.ledger import network_counters, peak_concurrent, peak_starts_per_second, read


def _start(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rehearsal", *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )


def _invite(number: str, port: int, call_id: str) -> bytes:
    sdp = "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 30000 RTP/AVP 8\r\n"
    return (
        f"INVITE sip:{number}@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK{call_id}\r\n"
        f"From: <sip:0199000000@127.0.0.1>;tag=a\r\nTo: <sip:{number}@127.0.0.1>\r\n"
        f"Call-ID: {call_id}\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.1:{port}>\r\n\r\n{sdp}"
    ).encode()


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "::1", "localhost"])
def test_only_loopback_is_bound(tmp_path: Path, address: str) -> None:
    done = _start("--ledger", str(tmp_path / "l"), "--bind", address)
    assert done.returncode == 2
    assert f"{address} is not an IPv4 loopback address" in done.stderr


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = _start("--ledger", str(tmp_path / "l"), "--sip-port", str(port))
    assert done.returncode == 2
    assert f"sip-port: port {port} on 127.0.0.1: Address already in use" in done.stderr


def test_a_ledger_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    done = _start("--ledger", str(tmp_path / "none" / "l"))
    assert done.returncode == 2
    assert "ledger:" in done.stderr


def test_sigterm_ends_it_cleanly_with_open_calls_in_the_ledger(tmp_path: Path) -> None:
    with (
        running_network(tmp_path / "l", "--by-number") as network,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller,
    ):
        caller.bind(("127.0.0.1", 0))
        invite = _invite("0199000022", caller.getsockname()[1], "open")
        caller.sendto(invite, ("127.0.0.1", network.sip_port))
        assert caller.recv(2000).startswith(b"SIP/2.0 100")
        assert network.stop() == 0
        (call,) = network.calls()
    assert (call.number, call.ended_at) == ("0199000022", None)
    assert network_counters(tmp_path / "l")["calls"] == 1


def test_a_storm_refuses_every_new_call_until_it_is_over(tmp_path: Path) -> None:
    with (
        running_network(tmp_path / "l", "--by-number") as network,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller,
    ):
        caller.bind(("127.0.0.1", 0))
        caller.settimeout(5)

        def call(call_id: str) -> list[bytes]:
            """The answers to a call of somebody who rings out."""
            invite = _invite("0199000022", caller.getsockname()[1], call_id)
            caller.sendto(invite, ("127.0.0.1", network.sip_port))
            return [caller.recv(2000).split(b"\r\n")[0][8:11] for _ in range(2)]

        assert call("before") == [b"100", b"180"]
        network.process.send_signal(signal.SIGUSR1)
        eventually(lambda: call(f"in-{time.monotonic()}")[1] == b"503")
        network.process.send_signal(signal.SIGUSR2)
        eventually(lambda: call(f"after-{time.monotonic()}")[1] == b"180")
        assert network.stop() == 0
        seen = {call.sip_call_id: call for call in network.calls()}
    storm = [call for call in seen.values() if call.behaviour == "congested"]
    assert seen["before"].behaviour == "rings_out"
    assert storm
    assert {call.status for call in storm} == {503}


def test_a_kill_loses_at_most_the_last_fifth_of_a_second(tmp_path: Path) -> None:
    with (
        running_network(tmp_path / "l", "--by-number") as network,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller,
    ):
        caller.bind(("127.0.0.1", 0))
        port = caller.getsockname()[1]
        sent: dict[str, float] = {}
        for n in range(60):
            caller.sendto(_invite("0199000022", port, f"c{n}"), ("127.0.0.1", network.sip_port))
            sent[f"c{n}"] = time.time()
            time.sleep(0.01)
        killed = time.time()
        network.process.kill()
        network.process.wait()
    kept = {call.sip_call_id for call in read(tmp_path / "l")}
    old = {call_id for call_id, at in sent.items() if at < killed - 0.2}
    assert len(old) > 20
    assert old <= kept


def test_datagrams_that_are_no_sip_are_counted_and_survived(tmp_path: Path) -> None:
    with (
        running_network(tmp_path / "l") as network,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller,
    ):
        caller.settimeout(5)
        for junk in (b"hello", b"\x00" * 50, b"INVITE sip:x SIP/2.0\r\n\r\n", b"\r\n\r\n"):
            caller.sendto(junk, ("127.0.0.1", network.sip_port))
        options = _invite("ping", 1, "o").replace(b"INVITE", b"OPTIONS").split(b"\r\n\r\n")[0]
        caller.sendto(options + b"\r\n\r\n", ("127.0.0.1", network.sip_port))
        assert caller.recv(2000).startswith(b"SIP/2.0 200")
        assert network.stop() == 0
    counters = network_counters(tmp_path / "l")
    assert (counters["malformed"], counters["calls"]) == (3, 0)


@pytest.mark.parametrize("method", [b"BYE", b"CANCEL", b"UPDATE"])
def test_a_request_for_no_known_call_is_told_so(tmp_path: Path, method: bytes) -> None:
    with (
        running_network(tmp_path / "l") as network,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller,
    ):
        caller.settimeout(5)
        request = _invite("x", 1, "none").replace(b"INVITE", method)
        caller.sendto(request, ("127.0.0.1", network.sip_port))
        assert caller.recv(2000).startswith(b"SIP/2.0 481")


@pytest.mark.pbx
@pytest.mark.usefixtures("pbx_binary")
def test_sipp_calls_and_is_answered(tmp_path: Path) -> None:
    with running_network(tmp_path / "l", "--by-number") as network:
        load = ["-m", "100", "-r", "100", "-d", "300", "-i", "127.0.0.1", "-s", "0199000000"]
        run_sipp(["-sn", "uac", f"127.0.0.1:{network.sip_port}", *load], tmp_path)
        calls = eventually(ended(network, "0199000000", 100))
        assert network.stop() == 0
    assert {(c.status, c.hung_up_by, c.nth) for c in calls} == {
        (200, "pbx", n) for n in range(1, 101)
    }
    assert 20 <= peak_concurrent(calls) <= 100
    assert 60 <= peak_starts_per_second(calls) <= 100
    assert [c.invite_retransmissions for c in calls] == [0] * 100


@pytest.mark.pbx
@pytest.mark.usefixtures("pbx_binary")
def test_sipp_is_hung_up_on(tmp_path: Path) -> None:
    scenario = tmp_path / "listens.xml"
    scenario.write_text(LISTENS)
    with running_network(tmp_path / "l", "--by-number") as network:
        load = ["-m", "10", "-r", "50", "-i", "127.0.0.1", "-s", "0199000001"]
        run_sipp(["-sf", str(scenario), f"127.0.0.1:{network.sip_port}", *load], tmp_path)
        calls = eventually(ended(network, "0199000001", 10))
    for call in calls:
        assert call.hung_up_by == "network"
        assert call.bye_at is not None
        assert call.ack_at is not None
        assert call.bye_at - call.ack_at == pytest.approx(1.0, abs=0.2)


LISTENS = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="listens until hung up on">
  <send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:0199000000@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:101 telephone-event/8000
]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="200" rtd="true"/>
  <send><![CDATA[
ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:0199000000@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv request="BYE"/>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
"""


def test_the_ready_line_is_json(tmp_path: Path) -> None:
    with running_network(tmp_path / "l", "--profile", "answers") as network:
        first = json.loads(eventually((tmp_path / "l").read_text).splitlines()[0])
        assert first["event"] == "start"
        assert (first["sip_port"], first["rtp_port"]) == (network.sip_port, network.rtp_port)
