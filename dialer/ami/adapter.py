"""The `Pbx` protocol over AMI: one account on one Asterisk, reconnected for as long as it lasts."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import NoReturn

import structlog

from campaigns.errors import PbxError
from dialer.ami import actions
from dialer.ami.blocks import Headers
from dialer.ami.link import Link, LoginRejected
from dialer.ami.mailbox import Mailbox
from dialer.ami.settings import AmiSettings
from dialer.events import Event, LinkDown, LinkUp, Listener, OtherBegun
from dialer.orders import OriginateOrder
from dialer.pbx import Capabilities, ChannelState, LiveChannel

_log = structlog.get_logger(__name__)

_LOG_OFF_S = 1.0
_STATES = {"Ringing": ChannelState.RINGING, "Up": ChannelState.UP}


class AmiPbx:
    """One PBX over AMI.

    After a lost link the listener hears LinkDown, and LinkUp once a new link is logged in and the
    PBX has loaded everything; events of the new link come after LinkUp, none is heard of a link
    that was never announced. The first link is announced by `open` returning.
    """

    def __init__(self, settings: AmiSettings) -> None:
        self._settings = settings
        self._link: Link | None = None
        self._listener: Listener = _nobody
        self._relinking: asyncio.Task[None] | None = None
        self._capabilities: Capabilities | None = None
        self._rejection: LoginRejected | None = None
        self._rejected = asyncio.Event()

    async def open(self, listener: Listener) -> Capabilities:
        """Connect, log in and hear events from now on. See `Pbx.open`.

        Raises:
            LoginRejected: wrong account or secret.
            PbxError: no connection.
        """
        self._listener = listener
        return await self._link_up()

    async def close(self) -> None:
        """Log off; calls in progress go on."""
        if self._relinking is not None:
            self._relinking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._relinking
        link, self._link = self._link, None
        if link is not None:
            await link.close(_LOG_OFF_S)

    async def rejected(self) -> NoReturn:
        """Wait until a login that was good before is rejected: there is no way back then.

        Raises:
            LoginRejected: it was.
        """
        await self._rejected.wait()
        raise self._rejection or LoginRejected("The PBX rejects the login.")

    @property
    def connected(self) -> bool:
        """Whether an Originate would be sent now."""
        return self._link is not None and self._link.alive

    @property
    def capabilities(self) -> Capabilities:
        """What the PBX of the latest link can do; `started_at_ms` shows a restart.

        Raises:
            PbxError: never connected.
        """
        if self._capabilities is None:
            raise PbxError("The PBX was never connected.")
        return self._capabilities

    def originate(self, order: OriginateOrder) -> None:
        """Send one Originate, once; what becomes of it comes as events. See `Pbx.originate`.

        Raises:
            PbxError: nothing was sent.
        """
        self._live_link().order(actions.originate(order), order.send_by)

    def hang_up(self, attempt_id: str) -> None:
        """Ask for the end of a live call; nothing happens where it has ended.

        Raises:
            PbxError: the link is down; nothing was sent.
        """
        self._live_link().order(actions.hang_up(attempt_id))

    def hang_up_on_machine(self, attempt_id: str) -> None:
        """Ask for the end of a call that a machine answered. See `Pbx.hang_up_on_machine`.

        Raises:
            PbxError: the link is down; nothing was sent.
        """
        self._live_link().order(actions.on_machine(attempt_id, "hangup"))

    def leave_message(self, attempt_id: str) -> None:
        """Have the message for machines begun in a live call.

        Raises:
            PbxError: the link is down; nothing was sent.
        """
        self._live_link().order(actions.on_machine(attempt_id, "leave"))

    def wait_for_greeting(self, attempt_id: str) -> None:
        """Have a call stay up after its message, for a greeting to end.

        Raises:
            PbxError: the link is down; nothing was sent.
        """
        self._live_link().order(actions.lengthen_tail(attempt_id))

    async def live_channels(self) -> list[LiveChannel]:
        """List our live channels.

        Raises:
            PbxError: the link is down or the list did not come in time.
        """
        return [_live_channel(each) for each in await self._listed() if _is_ours(each)]

    async def other_channels(self) -> list[OtherBegun]:
        """List the live channels that are no attempts of ours.

        Raises:
            PbxError: the link is down or the list did not come in time.
        """
        others = [each for each in await self._listed() if not _is_ours(each)]
        return [_other(each) for each in others]

    async def _listed(self) -> Sequence[Headers]:
        reply = await self._live_link().ask(actions.action("CoreShowChannels"))
        if reply.headers.get("Response") != "Success":
            raise PbxError(f"The PBX lists no channels: {reply.headers.get('Message')}.")
        return reply.listed

    async def contacts(self, endpoint: str) -> list[str]:
        """SIP URIs at which this endpoint is reached now; empty where unknown.

        Those of every AOR, reachable or not, and of every outbound proxy on the way: any of them
        can be where the next call goes.

        Raises:
            PbxError: the link is down or the answer did not come in time.
        """
        proxy = await self._pjsip("PJSIP_ENDPOINT", endpoint, "outbound_proxy")
        # Where func_pjsip_endpoint is not loaded, the AOR is taken to have the endpoint's name.
        aors = await self._pjsip("PJSIP_ENDPOINT", endpoint, "aors") or [endpoint]
        found = list(proxy)
        for aor in aors:
            found += await self._pjsip("PJSIP_AOR", aor, "outbound_proxy")
            for contact in await self._pjsip("PJSIP_AOR", aor, "contact"):
                found += await self._pjsip("PJSIP_CONTACT", contact, "uri")
                found += await self._pjsip("PJSIP_CONTACT", contact, "outbound_proxy")
        return list(dict.fromkeys(found))

    async def unanswered(self, endpoint: str) -> bool:
        """Whether no contact of this endpoint answers the OPTIONS that it is sent.

        False where the PBX sends none, or does not know yet.

        Raises:
            PbxError: the link is down or the answer did not come in time.
        """
        states: list[str] = []
        for aor in await self._pjsip("PJSIP_ENDPOINT", endpoint, "aors") or [endpoint]:
            for contact in await self._pjsip("PJSIP_AOR", aor, "contact"):
                states += await self._pjsip("PJSIP_CONTACT", contact, "status")
        return bool(states) and all(state == _UNANSWERED for state in states)

    def ask_options(self, endpoint: str) -> None:
        """Have every contact of this endpoint sent OPTIONS now. See `Pbx.ask_options`.

        Raises:
            PbxError: the link is down; nothing was sent.
        """
        self._live_link().order(actions.action("PJSIPQualify", {"Endpoint": endpoint}))

    async def _pjsip(self, function: str, name: str, field: str) -> list[str]:
        expression = actions.pjsip_expression(function, name, field)
        reply = await self._live_link().ask(actions.get_variable(expression))
        return [each for each in reply.headers.get("Value").split(",") if each]

    def _live_link(self) -> Link:
        if self._link is None:
            raise PbxError("The link to the PBX is down.")
        return self._link

    async def _link_up(self, *first: LinkUp) -> Capabilities:
        loop = asyncio.get_running_loop()
        mailbox = Mailbox(loop, self._listener, self._settings.patience.overrun)

        def on_lost(reason: str) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
                loop.call_soon_threadsafe(self._lost, mailbox, link, reason)

        link = Link(self._settings, mailbox.put, on_lost)
        found = await link.open()
        if not link.alive:
            raise PbxError("The link to the PBX was lost as soon as it was made.")
        self._link, self._capabilities = link, found
        mailbox.release(*first)
        return found

    def _lost(self, mailbox: Mailbox, link: Link, reason: str) -> None:
        """On the event loop. A link that was never announced is lost without a word."""
        if link is not self._link:
            return
        self._link = None
        _log.warning("pbx link lost", host=self._settings.host, reason=reason)
        self._relinking = asyncio.create_task(self._relink())
        mailbox.end(LinkDown(reason))

    async def _relink(self) -> None:
        patience = self._settings.patience
        delay = patience.first_retry
        while True:
            await asyncio.sleep(delay)
            try:
                await self._link_up(LinkUp())
            except LoginRejected as error:
                _log.error("pbx login rejected; not tried again", reason=str(error))
                self._listener([LinkDown(str(error))])
                self._rejection = error
                self._rejected.set()
                return
            except PbxError as error:
                delay = min(delay * 2, patience.last_retry)
                _log.info("pbx link not back", retry_in_s=delay, reason=str(error))
            else:
                return


_DIALLED = "AppDial"
"""What a channel does that Dial made (apps/app_dial.c)."""

_UNANSWERED = "Unreachable"
"""A contact's status (res_pjsip/pjsip_options.c)."""


def _nobody(_events: Sequence[Event]) -> None:
    """Nobody listens before `open`."""


def _other(listed: Headers) -> OtherBegun:
    outgoing = listed.get("Application") == _DIALLED
    return OtherBegun(listed.get("Uniqueid"), listed.get("Channel"), outgoing)


def _is_ours(listed: Headers) -> bool:
    return actions.ATTEMPT_ID.fullmatch(listed.get("Uniqueid")) is not None


def _live_channel(listed: Headers) -> LiveChannel:
    state = _STATES.get(listed.get("ChannelStateDesc"), ChannelState.DIALLING)
    return LiveChannel(listed.get("Uniqueid"), listed.get("Channel"), state)
