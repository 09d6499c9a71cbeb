"""What the tests of the simulated network share: the network as a process, SIPp, an Asterisk.

The Asterisk here is configured apart from the product's own, so that the network is judged by a
PBX which nothing in the engine has touched.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dialer.instance.locate import find_installation, sipp
from rehearsal.ledger import LedgerCall, read

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


@dataclass(frozen=True)
class Rehearsal:
    sip_port: int
    rtp_port: int
    ledger: Path
    process: subprocess.Popen[str]

    def calls(self) -> list[LedgerCall]:
        return read(self.ledger)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


@contextmanager
def running_network(ledger: Path, *options: str) -> Iterator[Rehearsal]:
    command = [sys.executable, "-m", "rehearsal", "--sip-port", "0", "--ledger", str(ledger)]
    with subprocess.Popen(
        [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield Rehearsal(ready["sip_port"], ready["rtp_port"], ledger, process)
        finally:
            process.kill()


def eventually(look: Callable[[], T | None], seconds: float = 15.0) -> T:
    """Wait for `look` to return something true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


def ended(rehearsal: Rehearsal, number: str, count: int = 1) -> Callable[[], list[LedgerCall]]:
    """A look at the ledger that is true once `count` calls to the number are over."""

    def look() -> list[LedgerCall]:
        calls = [c for c in rehearsal.calls() if c.number == number and c.ended_at is not None]
        return calls if len(calls) >= count else []

    return look


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


_MODULES = """
app_controlplayback app_read app_stack bridge_simple chan_pjsip codec_alaw codec_g722 codec_ulaw
format_pcm func_channel func_env func_hangupcause func_pjsip_aor func_pjsip_contact
func_pjsip_endpoint pbx_config res_pjproject res_pjsip res_pjsip_caller_id res_pjsip_dtmf_info
res_pjsip_endpoint_identifier_ip res_pjsip_nat res_pjsip_pubsub res_pjsip_rfc3326
res_pjsip_sdp_rtp res_pjsip_session res_rtp_asterisk res_sorcery_astdb res_sorcery_config
res_sorcery_memory res_timing_timerfd
"""

_FILES = {
    "asterisk.conf": """
[directories]
astetcdir => {home}
astmoddir => {modules}
astvarlibdir => {home}/lib
astdbdir => {home}/lib
astkeydir => {home}/lib
astdatadir => {data}
astagidir => {home}/lib
astspooldir => {home}/spool
astrundir => {home}/run
astlogdir => {home}/log
[options]
documentation_language = en_US
""",
    "modules.conf": "[modules]\nautoload=no\n{load}\n",
    "logger.conf": "[logfiles]\nmessages.log => notice,warning,error\n",
    "manager.conf": """
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {ami}
[rig]
secret = rig
read = call,system
write = originate,call,system
writetimeout = 10000
eventfilter(action(include),name(FullyBooted)) =
""",
    "rtp.conf": "[general]\nrtpstart={rtp}\nrtpend={rtp_end}\nstrictrtp=no\nicesupport=no\n",
    "pjproject.conf": "",
    "pjsip.conf": """
[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{sip}
[network]
type = aor
contact = sip:127.0.0.1:{network}
[trunk](!)
type = endpoint
transport = udp
aors = network
context = nowhere
disallow = all
dtmf_mode = auto_info
direct_media = no
send_pai = yes
redirect_method = user
[alaw](trunk)
allow = alaw
[ulaw](trunk)
allow = ulaw
[g722](trunk)
allow = g722
""",
    "extensions.conf": """
[message]
exten => s,1,ControlPlayback({home}/message,,,,0123456789*#)
 same => n,Set(KEY=${{CPLAYBACKSTOPKEY}})
 same => n,Read(SECOND,,2,,1,1)
 same => n,Hangup()
exten => over,1,Set(ANSWER=${{HANGUPCAUSE(${{CHANNEL}},tech)}})
 same => n,Set(LINE=${{CHANNEL(pjsip,call-id)}}|${{KEY}}${{SECOND}}|${{ANSWER}})
 same => n,Set(FILE({home}/seen,,,al,u)=${{LINE}}|${{CHANNEL(rtcp,rxcount)}})
 same => n,Return()
""",
}


@dataclass(frozen=True)
class Seen:
    """What the dialplan wrote of one call."""

    sip_call_id: str
    keys: str
    answer: str
    packets_received: int


class Pbx:
    """An Asterisk with one trunk to a network."""

    def __init__(self, home: Path, ami: int, process: subprocess.Popen[bytes]) -> None:
        self.home, self.process = home, process
        self._ami = socket.create_connection(("127.0.0.1", ami), 10)
        self._ask("Login", "Username: rig", "Secret: rig")

    def _ask(self, action: str, *lines: str) -> None:
        self._ami.sendall("\r\n".join([f"Action: {action}", *lines, "", ""]).encode())

    def dial(self, number: str, *, ring_seconds: float = 30.0, trunk: str = "alaw") -> None:
        self._ask(
            "Originate",
            f"Channel: PJSIP/{number}@{trunk}",
            "Context: message",
            "Exten: s",
            "Priority: 1",
            "CallerID: <0199000000>",
            f"Timeout: {int(ring_seconds * 1000)}",
            'Variable: CHANNEL(hangup_handler_push)="message,over,1"',
            "Async: true",
        )

    def seen(self) -> list[Seen]:
        try:
            lines = (self.home / "seen").read_text().splitlines()
        except FileNotFoundError:
            return []
        rows = [line.split("|") for line in lines]
        return [Seen(i, k, a, int(n or 0)) for i, k, a, n in rows]

    def close(self) -> None:
        self._ami.close()


@contextmanager
def running_pbx(home: Path, network_port: int, message: Path) -> Iterator[Pbx]:
    asterisk = find_installation()
    ami, sip = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    rtp = 10000 + (os.getpid() * 7 % 40) * 200
    facts = {
        "home": home,
        "modules": asterisk.modules,
        "data": asterisk.data,
        "load": "\n".join(f"load = {name}.so" for name in _MODULES.split()),
        "ami": ami,
        "sip": sip,
        "rtp": rtp,
        "rtp_end": rtp + 4000,
        "network": network_port,
    }
    _write_files(home, facts, message)
    arguments = asterisk.asterisk("-C", str(home / "asterisk.conf"), "-f")
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            eventually(lambda: _fully_booted(ami), 30)
            pbx = Pbx(home, ami, process)
            try:
                yield pbx
            finally:
                pbx.close()
        finally:
            process.kill()


def _write_files(home: Path, facts: dict[str, object], message: Path) -> None:
    for name in ("lib", "spool", "run", "log"):
        (home / name).mkdir(parents=True)
    for name, text in _FILES.items():
        (home / name).write_text(text.format(**facts))
    shutil.copy(message, home / "message.alaw")


def _fully_booted(ami: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", ami), 1) as sock:
            sock.settimeout(1)
            sock.sendall(b"Action: Login\r\nUsername: rig\r\nSecret: rig\r\n\r\n")
            received = b""
            while b"FullyBooted" not in received:
                received += sock.recv(4096) or _refused()
            return True
    except OSError:
        return False


def _refused() -> bytes:
    raise ConnectionError("Asterisk is still starting")


def run_sipp(arguments: Sequence[str], home: Path, seconds: float = 60) -> None:
    """Run SIPp to its end; every call must have succeeded."""
    command = [*sipp(), *arguments, "-skip_rlimit", "-nostdin"]
    done = subprocess.run(
        command, cwd=home, capture_output=True, timeout=seconds, env={"TERM": "xterm"}, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-500:] + done.stdout.decode()[-2000:]
