"""The actions of one link that wait for their answer."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from campaigns.errors import PbxError
from dialer.ami.blocks import Headers, text_of, value_of

_ACTION_ID = b"\r\nActionID: "


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an action, with the events of its list where it asked for one."""

    headers: Headers
    listed: tuple[Headers, ...] = ()


Answer = Future[Reply]


@dataclass(slots=True)
class _Waiting:
    """An action and what came of it so far; an Originate has no future, its answer is an event."""

    name: str
    deadline: float
    future: Answer | None
    reply: Headers | None = None
    listed: list[Headers] = field(default_factory=list)


class PendingActions:
    """Each action once, until it is answered, times out, or the link ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}
        self._lists = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, action_id: str, name: str, deadline: float, future: Answer | None) -> None:
        """Wait for an answer until `deadline`, on the monotonic clock.

        Raises:
            PbxError: an action of this id waits already.
        """
        with self._lock:
            if action_id in self._waiting:
                raise PbxError(f"{name} {action_id} was sent already.")
            self._waiting[action_id] = _Waiting(name, deadline, future)

    def forget(self, action_id: str) -> None:
        """Wait no longer: it was not sent."""
        with self._lock:
            self._waiting.pop(action_id, None)

    def hear(self, block: bytes) -> None:
        """Look whether this block answers an action, or belongs to the list of one."""
        if block.startswith(b"Response:"):
            self._answered(block)
        elif self._lists:
            self._listed(block)

    def _answered(self, block: bytes) -> None:
        action_id = text_of(block, _ACTION_ID)
        with self._lock:
            waiting = self._waiting.get(action_id)
            if waiting is None:
                return
            if value_of(block, b"\r\nEventList: ") == b"start":
                waiting.reply = Headers(block)
                self._lists += 1
                return
            del self._waiting[action_id]
        if waiting.future is not None:
            waiting.future.set_result(Reply(Headers(block)))

    def _listed(self, block: bytes) -> None:
        headers = Headers(block)
        action_id = headers.get("ActionID")
        with self._lock:
            waiting = self._waiting.get(action_id)
            if waiting is None or waiting.reply is None:
                return
            if headers.get("EventList").lower() != "complete":
                waiting.listed.append(headers)
                return
            del self._waiting[action_id]
            self._lists -= 1
        if waiting.future is not None:
            waiting.future.set_result(Reply(waiting.reply, tuple(waiting.listed)))

    def time_out(self, now: float) -> None:
        """Fail what has waited past its deadline.

        Raises:
            PbxError: an order is among it, whose fate is unknown: the link must end.
        """
        with self._lock:
            late = {i: each for i, each in self._waiting.items() if each.deadline <= now}
            for action_id, each in late.items():
                del self._waiting[action_id]
                self._lists -= each.reply is not None
        for each in late.values():
            if each.future is not None:
                each.future.set_exception(PbxError(f"The PBX gave no answer to {each.name}."))
        orders = [each.name for each in late.values() if each.future is None]
        if orders:
            raise PbxError(f"no answer to {orders[0]} in time")

    def fail(self, reason: str) -> None:
        """Fail everything: the link has ended."""
        with self._lock:
            waiting = list(self._waiting.values())
            self._waiting.clear()
            self._lists = 0
        for each in waiting:
            if each.future is not None:
                each.future.set_exception(PbxError(f"The link to the PBX was lost: {reason}."))
