"""Calls placed by hand over AMI, as the dialer places them, for the tests of the dialplan."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from far_side import Call, FarSide, Script
from raw_ami import RawAmi

from dialer.instance.supervise import Supervisor

MESSAGE_MS = 2000
_ids = itertools.count(1)
_numbers = itertools.count(1)


@dataclass
class Placed:
    """One call: its id, and what the PBX left in the journal for it."""

    attempt_id: str
    number: str
    journal: Path
    ami: RawAmi

    def ended(self) -> dict[str, str]:
        """The PvEnded event, once the channel is gone."""
        self.ami.event("Hangup", Uniqueid=self.attempt_id)
        return self.ami.event("UserEvent", UserEvent="PvEnded", Id=self.attempt_id)

    def pressed(self) -> list[tuple[str, int]]:
        found = self.ami.having("UserEvent", UserEvent="PvKey", Id=self.attempt_id)
        return [(event["Key"], int(event["Position"])) for event in found]

    def lines(self) -> list[list[str]]:
        return [
            line.split("|")
            for line in self.journal.read_text().splitlines()
            if line.split("|")[1] == self.attempt_id
        ]


@dataclass
class Caller:
    """Places calls to scripts of the far side."""

    asterisk: Supervisor
    ami: RawAmi
    far_side: FarSide

    def place(
        self,
        script: Script,
        ring_timeout_s: int = 10,
        journal: str = "calls",
        context: str = "portevoix-call",
        **changed: str,
    ) -> Placed:
        number = f"+3363998{next(_numbers):04d}"
        self.far_side.scripts[number] = script
        placed = Placed(
            f"call-{next(_ids)}", number, self.asterisk.instance.journal / journal, self.ami
        )
        variables = {
            f"FILE({placed.journal},,,al,u)": f"start|{placed.attempt_id}",
            "CHANNEL(hangup_handler_push)": '"portevoix-ended,s,1"',
            "PV_JOURNAL": str(placed.journal),
            "PV_MESSAGE": str(self.asterisk.instance.sounds / "message"),
            "PV_CONFIRMATION": str(self.asterisk.instance.sounds / "confirmation"),
            "TIMEOUT(absolute)": "20",
        } | changed
        self.ami.send(
            "Originate",
            *(f"{name}={value}" for name, value in variables.items()),
            Channel=f"PJSIP/{number}@{self.asterisk.instance.endpoint('loop')}",
            ChannelId=placed.attempt_id,
            Context=context,
            Exten="s",
            Priority="1",
            CallerID="<+33199000001>",
            Timeout=str(ring_timeout_s * 1000),
            Async="true",
        )
        return placed


def write_sounds(directory: Path) -> None:
    """A message whose every 20 ms are told apart, and a short confirmation, as raw A-law."""
    frames = (bytes([index % 256]) * 160 for index in range(MESSAGE_MS // 20))
    (directory / "message.alaw").write_bytes(b"".join(frames))
    (directory / "confirmation.alaw").write_bytes(b"\xd5" * 160 * 15)


def heard_frames(call: Call) -> list[int]:
    """Numbers of the frames as the callee heard them, in order; but for silence."""
    payloads = b"".join(packet[12:] for _, packet in list(call.packets) if packet[1] & 0x7F == 8)
    frames = [payloads[start] for start in range(0, len(payloads), 160)]
    return [frame for frame in frames if frame != 0xD5]


def listen(call: Call) -> None:
    """Answer and listen to the end."""
    call.answer()
    call.ended.wait(20)


def after_audio(call: Call, seconds: float) -> None:
    """Let this much of the message be heard."""
    assert call.first_audio.wait(5)
    time.sleep(seconds)


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for a condition."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.02)
