"""The adapter as the dialer uses it: typed events, lost links, refused logins."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import pytest
from ami_server import Action as Heard
from ami_server import AmiServer, Connection, header, ignore, reject, settings
from ami_subjects import settings_for
from asterisk.ami import Action, AMIClient

from campaigns.errors import PbxError
from dialer.ami import AmiPbx, LoginRejected
from dialer.events import (
    Dialling,
    Event,
    LinkDown,
    LinkUp,
    OptedOut,
    OriginateDone,
    OriginateRefused,
)
from dialer.orders import OriginateOrder
from dialer.pbx import ChannelState, LiveChannel

ATTEMPT = "01ARZ3NDEKTSV4RRFFQ69G5FA1"
OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FA2"

plain_library = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def order(attempt_id: str = ATTEMPT, **changes: object) -> OriginateOrder:
    values: dict[str, object] = {
        "endpoint": "loop",
        "number": "+33639980001",
        "caller_id": "+33199000001",
        "ring_timeout_s": 25,
        "max_call_s": 120,
        "message": "/sounds/message",
        "confirmation": "/sounds/confirmation",
        "journal": "/var/journal",
    }
    return OriginateOrder(attempt_id, **(values | changes))


class Heart:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._more = asyncio.Event()

    def __call__(self, events: Sequence[Event]) -> None:
        self.events += events
        self._more.set()

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not done():
                self._more.clear()
                await self._more.wait()

    async def hears(self, event: Event) -> None:
        await self.until(lambda: event in self.events)


@pytest.fixture
def server() -> Iterator[AmiServer]:
    running = AmiServer()
    yield running
    running.close()


@pytest.fixture
def heart() -> Heart:
    return Heart()


@pytest.fixture
async def pbx(server: AmiServer, heart: Heart) -> AsyncIterator[AmiPbx]:
    one = AmiPbx(settings_for(server))
    await one.open(heart)
    yield one
    await one.close()


def channel_event(name: str, attempt: str = ATTEMPT, *lines: str) -> bytes:
    head = [f"Event: {name}", "Channel: PJSIP/loop-1", f"Uniqueid: {attempt}", *lines]
    return "\r\n".join([*head, "", ""]).encode()


class TestOpening:
    async def test_it_tells_what_the_pbx_can_do(self, server: AmiServer, heart: Heart) -> None:
        pbx = AmiPbx(settings_for(server))
        found = await pbx.open(heart)
        await pbx.close()
        assert (found.version, found.advanced_filters, found.tech_cause) == ("22.10.1", True, True)

    async def test_a_rejected_login_is_raised_and_not_tried_again(
        self, server: AmiServer, heart: Heart
    ) -> None:
        server.answers["Login"] = reject
        with pytest.raises(LoginRejected, match="Authentication failed"):
            await AmiPbx(settings_for(server)).open(heart)
        await asyncio.sleep(0.3)
        assert len(server.connections) == 1

    @pytest.mark.xfail(strict=True, reason="a rejected login is an answer like any other")
    @plain_library
    def test_a_rejected_login_is_raised_by_the_plain_library(self, server: AmiServer) -> None:
        server.answers["Login"] = reject
        client = AMIClient(server.host, server.port, timeout=1.0)
        try:
            with pytest.raises(Exception, match="Authentication failed"):
                _ = client.login("dialer", "wrong").response
        finally:
            client.disconnect()

    async def test_the_secret_is_in_no_text_of_the_settings(self, server: AmiServer) -> None:
        assert "hush" not in repr(settings_for(server, secret="hush"))

    async def test_nobody_there_is_said_plainly(self, server: AmiServer, heart: Heart) -> None:
        server.close()
        with pytest.raises(PbxError, match=f"No AMI connection to 127.0.0.1 port {server.port}"):
            await AmiPbx(settings_for(server)).open(heart)

    async def test_a_link_lost_as_soon_as_it_is_made_is_never_lost_in_silence(
        self, server: AmiServer, heart: Heart
    ) -> None:
        loop = asyncio.get_running_loop()

        def last_words(connection: Connection, action: Heard) -> None:
            # A busy loop, so that the answer and the loss wait for it together.
            loop.call_soon_threadsafe(time.sleep, 0.2)
            settings(connection, action)
            connection.close()

        server.answers["CoreSettings"] = last_words
        pbx = AmiPbx(settings_for(server))
        with pytest.raises(PbxError, match="as soon as"):
            await pbx.open(heart)

    async def test_a_pbx_still_loading_is_waited_for(self, server: AmiServer, heart: Heart) -> None:
        def just_started(connection: Connection, action: Heard) -> None:
            started = time.strftime("%H:%M:%S", time.gmtime(time.time() - 1))
            connection.answer(
                action, "Response: Success", "CoreStartupDate: 2026-11-21",
                f"CoreStartupTime: {started}",
            )  # fmt: skip

        server.answers["CoreStatus"] = just_started
        server.answers["Login"] = lambda connection, action: connection.answer(
            action, "Response: Success"
        )
        pbx = AmiPbx(settings_for(server))
        opening = asyncio.create_task(pbx.open(heart))
        await asyncio.to_thread(server.wait_for, lambda: len(server.named("CoreStatus")) > 1)
        assert not opening.done()
        server.send(b"Event: FullyBooted\r\nUptime: 2\r\n\r\n")
        assert (await opening).started_at_ms % 1000 == 0
        await pbx.close()


class TestCalls:
    async def test_an_originate_carries_exactly_this(self, pbx: AmiPbx, server: AmiServer) -> None:
        pbx.originate(order())
        await asyncio.to_thread(server.wait_for, lambda: bool(server.named("Originate")))
        assert server.named("Originate") == [
            [
                ("Action", "Originate"),
                ("ActionID", ATTEMPT),
                ("Channel", "PJSIP/+33639980001@loop"),
                ("ChannelId", ATTEMPT),
                ("Async", "true"),
                ("Timeout", "25000"),
                ("CallerID", "<+33199000001>"),
                ("Context", "portevoix-call"),
                ("Exten", "s"),
                ("Priority", "1"),
                ("Variable", f"FILE(/var/journal,,,al,u)=start|{ATTEMPT}|0"),
                ("Variable", 'CHANNEL(hangup_handler_push)="portevoix-ended,s,1"'),
                ("Variable", "PV_JOURNAL=/var/journal"),
                ("Variable", "PV_MESSAGE=/sounds/message"),
                ("Variable", "PV_CONFIRMATION=/sounds/confirmation"),
                ("Variable", "TIMEOUT(absolute)=120"),
            ]
        ]

    async def test_an_originate_that_is_too_late_is_not_sent(
        self, pbx: AmiPbx, server: AmiServer
    ) -> None:
        with pytest.raises(PbxError, match="too late"):
            pbx.originate(order(send_by=time.monotonic()))
        pbx.originate(order(send_by=time.monotonic() + 5.0))
        await asyncio.to_thread(server.wait_for, lambda: bool(server.named("Originate")))
        assert len(server.named("Originate")) == 1

    async def test_a_refused_originate_is_an_event(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        server.answers["Originate"] = lambda connection, action: connection.answer(
            action, "Response: Error", "Message: Extension does not exist."
        )
        pbx.originate(order())
        await heart.hears(OriginateRefused(ATTEMPT, "Extension does not exist."))

    async def test_an_originate_that_no_channel_came_of_is_told_after_a_moment(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        server.send(_failure(ATTEMPT))
        await heart.hears(OriginateDone(ATTEMPT, False, 0, False))

    async def test_an_originate_response_may_overtake_its_newchannel(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        server.send(_failure(ATTEMPT))
        await asyncio.sleep(0.1)
        server.send(channel_event("Newchannel"))
        await heart.hears(OriginateDone(ATTEMPT, False, 0, True))
        assert heart.events[0] == Dialling(ATTEMPT, "PJSIP/loop-1")

    async def test_hanging_up_names_one_channel(self, pbx: AmiPbx, server: AmiServer) -> None:
        pbx.hang_up(ATTEMPT)
        await asyncio.to_thread(server.wait_for, lambda: bool(server.named("Hangup")))
        assert header(server.named("Hangup")[0], "Channel") == ATTEMPT
        with pytest.raises(PbxError):
            pbx.hang_up("/^PJSIP/.*$/")

    async def test_channels_of_others_are_not_ours(self, pbx: AmiPbx, server: AmiServer) -> None:
        server.answers["CoreShowChannels"] = _three_channels
        assert await pbx.live_channels() == [
            LiveChannel(ATTEMPT, "PJSIP/loop-1", ChannelState.UP),
            LiveChannel(OTHER, "PJSIP/loop-2", ChannelState.DIALLING),
        ]

    async def test_contacts_are_those_of_every_aor_and_every_proxy(
        self, pbx: AmiPbx, server: AmiServer
    ) -> None:
        server.answers["Getvar"] = _pjsip(
            {
                "PJSIP_ENDPOINT(loop,outbound_proxy)": "sip:192.0.2.1",
                "PJSIP_ENDPOINT(loop,aors)": "one,two",
                "PJSIP_AOR(one,contact)": "one@@a,one@@b",
                "PJSIP_AOR(two,contact)": "two@@c",
                "PJSIP_CONTACT(one@@a,uri)": "sip:127.0.0.1:5080",
                "PJSIP_CONTACT(one@@b,uri)": "sip:127.0.0.1:5081",
                "PJSIP_CONTACT(two@@c,uri)": "sip:127.0.0.1:5080",
            }
        )
        assert await pbx.contacts("loop") == [
            "sip:192.0.2.1", "sip:127.0.0.1:5080", "sip:127.0.0.1:5081",
        ]  # fmt: skip

    async def test_an_unknown_endpoint_has_no_contact(self, pbx: AmiPbx, server: AmiServer) -> None:
        server.answers["Getvar"] = _pjsip({})
        assert await pbx.contacts("nosuch") == []


class TestListeners:
    async def test_a_listener_that_raises_hears_what_comes_next(
        self, server: AmiServer, heart: Heart
    ) -> None:
        def careless(events: Sequence[Event]) -> None:
            heart(events)
            if len(heart.events) == 1:
                raise RuntimeError("a careless listener")

        reported: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, what: reported.append(what))
        pbx = AmiPbx(settings_for(server))
        await pbx.open(careless)
        server.send(channel_event("Newchannel"))
        await heart.hears(Dialling(ATTEMPT, "PJSIP/loop-1"))
        server.send(channel_event("Newchannel", OTHER))
        await heart.hears(Dialling(OTHER, "PJSIP/loop-1"))
        assert pbx.connected
        assert len(reported) == 1
        await pbx.close()

    @pytest.mark.xfail(strict=True, reason="a listener that raises ends the reader's thread")
    @plain_library
    def test_a_listener_that_raises_hears_what_comes_next_from_the_plain_library(
        self, server: AmiServer
    ) -> None:
        heard: list[str] = []

        def careless(event: object, source: object) -> None:
            heard.append(event.name)
            raise RuntimeError("a careless listener")

        client = AMIClient(server.host, server.port, timeout=1.0)
        client.add_event_listener(careless)
        client.login("dialer", "secret")
        server.wait_for(lambda: bool(heard))
        server.send(channel_event("Newchannel"))
        try:
            server.wait_for(lambda: len(heard) == 2, 0.5)
        finally:
            client.disconnect()

    async def test_events_come_in_order_whatever_their_number(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        ids = [f"{ATTEMPT[:20]}{number:06d}" for number in range(20_000)]
        body = b"".join(channel_event("Newchannel", each) for each in ids)
        await asyncio.to_thread(server.send, body)
        await heart.until(lambda: len(heart.events) == len(ids))
        assert [each.attempt_id for each in heart.events] == ids


class TestLostLinks:
    async def test_a_closed_link_comes_back_and_both_are_told(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        server.connections[0].close()
        await heart.hears(LinkUp())
        assert heart.events == [LinkDown("the PBX closed the connection"), LinkUp()]
        assert pbx.connected

    async def test_nothing_is_sent_while_the_link_is_down(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        server.close()
        await heart.until(lambda: bool(heart.events))
        assert not pbx.connected
        with pytest.raises(PbxError, match="down"):
            pbx.originate(order())
        with pytest.raises(PbxError, match="down"):
            await pbx.live_channels()

    async def test_an_originate_is_never_sent_a_second_time(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        server.answers["Originate"] = lambda connection, _action: connection.reset()
        pbx.originate(order())
        await heart.hears(LinkUp())
        await pbx.live_channels()
        assert len(server.named("Originate")) == 1

    @pytest.mark.xfail(strict=True, reason="the caller hears None after the whole time-out")
    @plain_library
    def test_a_link_lost_after_an_originate_is_told_by_the_plain_library(
        self, server: AmiServer
    ) -> None:
        server.answers["Originate"] = lambda connection, _action: connection.reset()
        client = AMIClient(server.host, server.port, timeout=1.0)
        client.login("dialer", "secret")
        answer = client.send_action(Action("Originate", {"Channel": "PJSIP/1@loop"})).response
        client.disconnect()
        assert answer is not None

    async def test_an_originate_without_an_answer_breaks_the_link(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        # A PBX that stopped must not wake up later and ring somebody.
        server.answers["Originate"] = ignore
        pbx.originate(order())
        await heart.hears(LinkDown("no answer to Originate in time"))
        await asyncio.to_thread(
            server.wait_for, lambda: server.connections[0].ended == "ConnectionResetError"
        )

    async def test_a_login_rejected_later_ends_the_attempts(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        server.answers["Login"] = reject
        server.connections[0].close()
        await heart.until(lambda: len(heart.events) == 2)
        assert "rejected" in heart.events[1].reason
        with pytest.raises(LoginRejected, match="Authentication failed"):
            await asyncio.wait_for(pbx.rejected(), 5)
        await asyncio.sleep(0.3)
        assert len(server.connections) == 2

    async def test_events_of_the_new_link_come_after_linkup(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        def eager(connection: Connection, action: Heard) -> None:
            connection.answer(action, "Response: Success")
            connection.send(channel_event("Newchannel"))
            connection.block("Event: FullyBooted", "Uptime: 100")

        server.answers["Login"] = eager
        server.connections[0].close()
        await heart.hears(Dialling(ATTEMPT, "PJSIP/loop-1"))
        assert [type(each) for each in heart.events] == [LinkDown, LinkUp, Dialling]

    async def test_a_link_lost_while_logging_in_is_never_announced(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        times = iter([False, False, True])
        answer = server.answers["CoreStatus"]

        def third_time_lucky(connection: Connection, action: Heard) -> None:
            if next(times, True):
                answer(connection, action)
            else:
                connection.close()

        server.answers["CoreStatus"] = third_time_lucky
        server.connections[0].close()
        await heart.hears(LinkUp())
        assert [type(each) for each in heart.events] == [LinkDown, LinkUp]
        assert len(server.connections) == 4

    async def test_an_opt_out_just_before_the_end_is_heard_before_the_end(
        self, pbx: AmiPbx, server: AmiServer, heart: Heart
    ) -> None:
        server.send(channel_event("UserEvent", ATTEMPT, "UserEvent: PvOptOut", f"Id: {ATTEMPT}"))
        server.connections[0].close()
        await heart.until(lambda: len(heart.events) >= 2)
        assert heart.events[:2] == [OptedOut(ATTEMPT), LinkDown("the PBX closed the connection")]

    async def test_closing_logs_off_and_tells_nothing(
        self, server: AmiServer, heart: Heart
    ) -> None:
        pbx = AmiPbx(settings_for(server))
        await pbx.open(heart)
        await pbx.close()
        assert server.named("Logoff")
        assert not pbx.connected
        assert heart.events == []


def _failure(attempt: str) -> bytes:
    return (
        f"Event: OriginateResponse\r\nActionID: {attempt}\r\nResponse: Failure\r\n"
        f"Reason: 0\r\nUniqueid: {attempt}\r\n\r\n"
    ).encode()


def _three_channels(connection: Connection, action: Heard) -> None:
    action_id = f"ActionID: {header(action, 'ActionID')}"
    connection.answer(action, "Response: Success", "EventList: start")
    listed = [(ATTEMPT, 1, "Up"), ("1795292816.17", 9, "Up"), (OTHER, 2, "Down")]
    for unique_id, number, state in listed:
        connection.block(
            "Event: CoreShowChannel", action_id, f"Channel: PJSIP/loop-{number}",
            f"ChannelStateDesc: {state}", f"Uniqueid: {unique_id}",
        )  # fmt: skip
    connection.block("Event: CoreShowChannelsComplete", action_id, "EventList: Complete")


def _pjsip(values: dict[str, str]) -> Callable[[Connection, Heard], None]:
    def answer(connection: Connection, action: Heard) -> None:
        name = header(action, "Variable")
        connection.answer(
            action, "Response: Success", f"Variable: {name}", f"Value: {values.get(name, '')}"
        )

    return answer
