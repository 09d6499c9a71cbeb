"""What the dialer asks of a PBX.

Only `dialer.ami` knows that the PBX is Asterisk over AMI. Everything else in the dialer works
on this protocol, on `dialer.orders` and on `dialer.events`, so it can be driven by a fake in fast
unit tests.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from dialer.events import Listener, OtherBegun
from dialer.orders import OriginateOrder


class ChannelState(StrEnum):
    """How far a live channel has come."""

    DIALLING = "dialling"
    RINGING = "ringing"
    UP = "up"


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """A channel of ours that the PBX lists as live."""

    attempt_id: str
    channel: str
    state: ChannelState


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this PBX can do, probed and not assumed.

    Attributes:
        version: such as `22.10.1`.
        started_at_ms: start of this PBX process, ms since the epoch; changes when it restarted.
        advanced_filters: event filters by name were accepted.
        tech_cause: Hangup carries the SIP code.
    """

    version: str
    started_at_ms: int
    advanced_filters: bool
    tech_cause: bool


class Pbx(Protocol):
    """One PBX. Every method runs on the event loop; none blocks it."""

    async def open(self, listener: Listener) -> Capabilities:
        """Connect, log in and hear events from now on.

        After a lost link the implementation reconnects by itself with a growing delay, and
        tells it by LinkDown and LinkUp. A rejected login is raised and never retried.

        Raises:
            PbxError: cannot connect, or login rejected.
        """
        ...

    async def close(self) -> None:
        """Log off; calls in progress go on."""
        ...

    @property
    def connected(self) -> bool:
        """Whether an Originate would be sent now."""
        ...

    def originate(self, order: OriginateOrder) -> None:
        """Send one Originate, once; what becomes of it comes as events.

        Raises:
            PbxError: the link is down or its buffer is full; nothing was sent.
        """
        ...

    def hang_up(self, attempt_id: str) -> None:
        """Ask for the end of a live call; nothing happens where it has ended."""
        ...

    def hang_up_on_machine(self, attempt_id: str) -> None:
        """Ask for the end of a call that a machine answered, which its record then says."""
        ...

    def leave_message(self, attempt_id: str) -> None:
        """Have the message for machines begun, or begun anew, in a live call."""
        ...

    def wait_for_greeting(self, attempt_id: str) -> None:
        """Have a call stay up after its message, for a greeting to end."""
        ...

    async def live_channels(self) -> list[LiveChannel]:
        """List our live channels.

        Raises:
            PbxError: the link is down or the list did not come in time.
        """
        ...

    async def other_channels(self) -> list[OtherBegun]:
        """List the live channels that are no attempts of ours.

        Raises:
            PbxError: the link is down or the list did not come in time.
        """
        ...

    async def contacts(self, endpoint: str) -> list[str]:
        """SIP URIs at which this endpoint is reached now; empty where unknown.

        Raises:
            PbxError: the link is down or the answer did not come in time.
        """
        ...

    async def unanswered(self, endpoint: str) -> bool:
        """Whether no contact of this endpoint answers the OPTIONS that it is sent.

        Raises:
            PbxError: the link is down or the answer did not come in time.
        """
        ...

    def ask_options(self, endpoint: str) -> None:
        """Have every contact of this endpoint sent OPTIONS now, and not only when it is due.

        Raises:
            PbxError: the link is down; nothing was sent.
        """
        ...
