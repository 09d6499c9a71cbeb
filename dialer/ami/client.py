"""asterisk-ami's client, hardened.

What stays the library's: its actions and their text, login and logoff, and its name for things.
What is replaced, because it was measured to fail: reading and cutting the stream, sending, the
table of pending actions, and what happens when a link breaks, stalls or falls silent. The library's
own listeners are not called; events go, still as bytes, to the one receiver given here.

One thread does all reading and writing of a link, so TLS is never used from two at once. It ends
with the link, and a new client is made for a new link: nothing of the old one is ever sent again.
"""

import itertools
import math
import re
import threading
import time
from collections.abc import Callable

from asterisk.ami.action import Action
from asterisk.ami.client import AMIClient

from campaigns.errors import PbxError
from dialer.ami.actions import action, check
from dialer.ami.blocks import BlockReader
from dialer.ami.pending import Answer, PendingActions
from dialer.ami.settings import AmiSettings
from dialer.ami.transport import Transport

TICK_S = 0.25
"""How often time-outs are looked at; the precision of every one of them."""

_GREETING = re.compile(rb"Asterisk Call Manager/[0-9.]+\r\n")
_LONGEST_GREETING = 256
_PING = "ping"


class AmiClient(AMIClient):  # type: ignore[misc] # the library has no types
    """One link to the PBX, from connection to its end.

    Args:
        settings: where, who, and how patient.
        on_blocks: called on the link's thread with every block that came, answers included, in
            order. May block to slow the PBX down; raising breaks the link.
        on_lost: called once on the link's thread when the link has ended, with the reason.
        on_tick: called on the link's thread a few times a second.
    """

    def __init__(
        self,
        settings: AmiSettings,
        on_blocks: Callable[[list[bytes]], None],
        on_lost: Callable[[str], None],
        on_tick: Callable[[], None],
    ) -> None:
        super().__init__(settings.host, settings.port, timeout=None)
        self.finished = threading.Event()
        self.finished.set()
        self._settings = settings
        self._on_blocks = on_blocks
        self._on_lost = on_lost
        self._on_tick = on_tick
        self._counter = itertools.count(1)
        self._pending = PendingActions()
        self._transport: Transport | None = None
        self._reader = BlockReader()
        self._early = b""
        self._end_reason = ""
        self._said_goodbye = False
        self._heard_at = self._ticked_at = 0.0
        self._pinged_at: float | None = None

    def next_action_id(self) -> str:
        """An ActionID no other action of this link has; safe from any thread."""
        return f"pv-{next(self._counter)}"

    def connect(self) -> None:
        """Connect and read the PBX's first line. Blocks; not for the event loop.

        Raises:
            PbxError: no connection, or what answers is not an Asterisk manager.
        """
        self._transport = Transport(self._settings)
        try:
            self._greet(self._transport)
        except (OSError, PbxError) as error:
            self._transport.close(reset=True)
            raise PbxError(f"What answers is no Asterisk manager: {error}") from error
        self.finished.clear()
        self._heard_at = self._ticked_at = time.monotonic()
        self._thread = threading.Thread(target=self.listen, name="ami", daemon=True)
        self._thread.start()

    def _greet(self, transport: Transport) -> None:
        deadline = time.monotonic() + self._settings.patience.connect
        heard = b""
        while b"\n" not in heard:
            data = transport.exchange(max(0.0, deadline - time.monotonic()))
            heard += data or b""
            if data is None or len(heard) > _LONGEST_GREETING or time.monotonic() > deadline:
                raise PbxError(f"it said {heard[:80]!r}.")
        found = _GREETING.match(heard)
        if found is None:
            raise PbxError(f"it said {heard[:80]!r}.")
        self._early = heard[found.end() :]

    def send_action(self, act: Action, callback: None = None) -> Answer:  # noqa: ARG002
        """Send an action once.

        Returns:
            Its answer: with the events of the list where it is one. Fails with PbxError when the
            answer does not come in time, and at once when the link ends.

        Raises:
            PbxError: a header could be taken for two, or the link takes nothing; nothing was sent.
        """
        future = Answer()
        # Running futures cannot be cancelled: the link's thread is free to answer at any time.
        future.set_running_or_notify_cancel()
        self._send(act, future)
        return future

    def order(self, act: Action, send_by: float = math.inf) -> None:
        """Send an action whose answer is looked for among the blocks, by its ActionID.

        An answer that does not come in time ends the link: the PBX is not to carry out later
        what is given up here.

        Raises:
            PbxError: as for send_action.
        """
        self._send(act, None, send_by)

    def _send(self, act: Action, future: Answer | None, send_by: float = math.inf) -> None:
        action_id = act.keys.setdefault("ActionID", self.next_action_id())
        check(act)
        deadline = time.monotonic() + self._settings.patience.action
        self._pending.add(action_id, act.name, deadline, future)
        try:
            self.send(act, send_by)
        except PbxError:
            self._pending.forget(action_id)
            raise

    def send(self, pack: Action, send_by: float = math.inf) -> None:
        """Hand an action's bytes to the link; never blocks.

        Raises:
            PbxError: the link is down, too much waits already, or it is too late.
        """
        self._link.send(f"{pack}\r\n".encode(), send_by)

    @property
    def _link(self) -> Transport:
        if self._transport is None:
            raise PbxError("The link to the PBX is down.")
        return self._transport

    def disconnect(self, reason: str = "closed") -> None:
        """End the link, from any thread; unsent and undelivered bytes are dropped."""
        self._end_reason = self._end_reason or reason
        self.finished.set()

    def listen(self) -> None:
        """The link's thread: exchange bytes until the link ends, then say why."""
        reason = "the link's thread failed"
        try:
            self._exchange_until_the_end()
            reason = "the PBX closed the connection"
        except (OSError, PbxError) as error:
            reason = str(error)
        finally:
            self._finish(self._end_reason or reason)

    def _exchange_until_the_end(self) -> None:
        link = self._link
        self._receive(self._early)
        while not self._end_reason:
            data = link.exchange(TICK_S)
            if data is None:
                return
            now = time.monotonic()
            if data:
                self._heard_at, self._pinged_at = now, None
                self._receive(data)
                if time.monotonic() - now > TICK_S:
                    # The dialer made us wait: answers that came meanwhile are read before any
                    # action is said to have none.
                    self._ticked_at = time.monotonic()
            if now - self._ticked_at >= TICK_S:
                self._ticked_at = now
                self._tick(now)

    def _receive(self, data: bytes) -> None:
        blocks = self._reader.feed(data)
        if not blocks:
            return
        for block in blocks:
            self._pending.hear(block)
            self._said_goodbye = self._said_goodbye or block.startswith(b"Response: Goodbye")
        self._on_blocks(blocks)

    def _tick(self, now: float) -> None:
        patience = self._settings.patience
        if self._link.waiting_s() > patience.send:
            raise PbxError(f"the PBX took no bytes for {patience.send:g} s")
        self._pending.time_out(now)
        self._keep_alive(now)
        self._on_tick()

    def _keep_alive(self, now: float) -> None:
        patience = self._settings.patience
        if self._pinged_at is not None:
            if now - self._pinged_at > patience.ping:
                raise PbxError(f"no answer to Ping in {patience.ping:g} s")
        elif now - self._heard_at > patience.silence:
            self._pinged_at = now
            self.send(action("Ping", {"ActionID": _PING}))

    def _finish(self, reason: str) -> None:
        self.finished.set()
        self._link.close(reset=not self._said_goodbye)
        self._pending.fail(reason)
        self._on_lost(reason)
