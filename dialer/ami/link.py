"""One logged-in link: the client, its decoder, and what this PBX turned out to be."""

import asyncio
import contextlib
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from asterisk.ami.action import Action, LoginAction

from campaigns.errors import PbxError
from dialer.ami import actions
from dialer.ami.blocks import Headers
from dialer.ami.capabilities import capabilities, seconds_into_quarter, started_at_ms
from dialer.ami.client import AmiClient
from dialer.ami.events import EventDecoder
from dialer.ami.pending import Reply
from dialer.ami.settings import AmiSettings
from dialer.events import Event
from dialer.pbx import Capabilities

_POLL_S = 0.2


class LoginRejected(PbxError):
    """The PBX knows this account otherwise. Never retried: a guard would ban the address."""


class Link:
    """A connection of its own, from login to loss; a lost link is replaced, never revived.

    Args:
        settings: where, who, and how patient.
        on_events: called on the link's thread with events in order; may block; raising PbxError
            breaks the link.
        on_lost: called once on the link's thread, with the reason.
    """

    def __init__(
        self,
        settings: AmiSettings,
        on_events: Callable[[Sequence[Event]], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._on_events = on_events
        self._decoder = EventDecoder()
        self._client = AmiClient(settings, self._take, on_lost, self._settle)

    @property
    def alive(self) -> bool:
        """Whether an action would be sent now."""
        return not self._client.finished.is_set()

    async def open(self) -> Capabilities:
        """Connect, log in, wait until the PBX has loaded everything, and ask what it is.

        Raises:
            LoginRejected: wrong account or secret.
            PbxError: no connection, no answer, or a PBX that does not finish loading.
        """
        try:
            await asyncio.to_thread(self._client.connect)
            await self._log_in()
            async with asyncio.timeout(self._settings.patience.boot):
                return await self._ready()
        except TimeoutError:
            self.drop("the PBX does not finish loading")
            raise PbxError("The PBX does not finish loading its modules.") from None
        except BaseException:
            self.drop("login did not succeed")
            raise

    async def ask(self, act: Action) -> Reply:
        """Send an action and wait for its answer.

        Raises:
            PbxError: the link ended, or no answer came in time.
        """
        return await asyncio.wrap_future(self._client.send_action(act))

    def order(self, act: Action, send_by: float = math.inf) -> None:
        """Send an action whose effect comes as events.

        Args:
            act: what is asked.
            send_by: monotonic seconds from which on it is not sent.

        Raises:
            PbxError: nothing was sent.
        """
        self._client.order(act, send_by)

    def drop(self, reason: str) -> None:
        """End the link at once; what was not delivered never will be."""
        self._client.disconnect(reason)

    async def close(self, within_s: float) -> None:
        """Log off and end; calls in progress go on."""
        with contextlib.suppress(PbxError):
            self._client.logoff()
            await asyncio.to_thread(self._client.finished.wait, within_s)
        self.drop("closed")

    async def _log_in(self) -> None:
        login = LoginAction(self._settings.username, self._settings.secret)
        answer = (await self.ask(login)).headers
        if answer.get("Response") != "Success":
            why = answer.get("Message") or "no reason given"
            raise LoginRejected(f"The PBX rejected AMI account {self._settings.username!r}: {why}.")

    async def _ready(self) -> Capabilities:
        while True:
            status = (await self.ask(actions.action("CoreStatus"))).headers
            pong = (await self.ask(actions.action("Ping"))).headers
            if self._decoder.uptime_s is not None or self._settled(status, pong):
                return await self._capabilities(status)
            await asyncio.sleep(_POLL_S)

    def _settled(self, status: Headers, pong: Headers) -> bool:
        into = seconds_into_quarter(status.get("CoreStartupTime"), pong.get("Timestamp"))
        return into is None or into >= self._settings.patience.settle

    async def _capabilities(self, status: Headers) -> Capabilities:
        settings = (await self.ask(actions.action("CoreSettings"))).headers
        date, time = status.get("CoreStartupDate"), status.get("CoreStartupTime")
        started = started_at_ms(date, time, self._decoder.uptime_s, datetime.now(UTC))
        return capabilities(settings.get("AsteriskVersion"), started)

    def _take(self, blocks: list[bytes]) -> None:
        events = self._decoder.decode(blocks)
        if events:
            self._on_events(events)

    def _settle(self) -> None:
        events = self._decoder.settle()
        if events:
            self._on_events(events)
