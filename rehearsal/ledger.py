"""What the network saw, call by call: an append-only file of JSON lines, and how to read it.

Lines carry `event`: `start` (the network's own), `invite`, `answer` and `key` (each at its moment),
`end` (the whole call again), `stop` (the network's own counters). A reader needs no `end` line to
know of a call; without it the call was up, or the network was killed.
"""

import heapq
import json
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from sys import intern
from typing import Any


@dataclass(frozen=True, slots=True)
class LedgerKey:
    """One press as sent. Times are epoch seconds; `end` is when the key was released."""

    digit: str
    route: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class LedgerCall:
    """One call as the far side saw it. Times are epoch seconds of one monotonic clock.

    Attributes:
        number: the user part of the Request-URI, as dialled.
        caller_id: the user part of From; `asserted_id` that of P-Asserted-Identity.
        nth: how many-th call to this number; 0 where the offer could not be taken (488).
        answer_at: when the first 200 left.
        rtp_first_at: first and last packet of audio from the PBX, their count and seconds of audio.
        hung_up_by: `network` or `pbx`, for answered calls; `bye_at` when that BYE passed.
        status: final answer to the INVITE, None while there was none.
        reason: the Reason header sent with it.
        invite_retransmissions: how often the INVITE came again.
        ended_at: BYE, refusal or 487, whichever ended the call; None while it is up.
    """

    call: int
    number: str
    sip_call_id: str
    source: str
    behaviour: str
    nth: int
    invite_at: float
    caller_id: str = ""
    asserted_id: str = ""
    ring_at: float | None = None
    answer_at: float | None = None
    ack_at: float | None = None
    cancel_at: float | None = None
    rtp_first_at: float | None = None
    rtp_last_at: float | None = None
    rtp_packets: int = 0
    rtp_seconds: float = 0.0
    keys: tuple[LedgerKey, ...] = ()
    hung_up_by: str | None = None
    bye_at: float | None = None
    status: int | None = None
    reason: str = ""
    invite_retransmissions: int = 0
    ended_at: float | None = None


_KEY_FIELDS = tuple(LedgerKey.__dataclass_fields__)
_ALIKE = frozenset({"source", "behaviour", "caller_id", "asserted_id", "hung_up_by"})
"""Texts that many calls share."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Ledger:
    """The writer. Lines wait in memory until `flush`, which the network calls every 100 ms."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._waiting: list[str] = []

    def write(self, event: str, facts: Mapping[str, object]) -> None:
        """Add a line."""
        self._waiting.append(_encode({"event": event, **facts}))

    def flush(self) -> None:
        """Hand everything to the kernel, which keeps it if this process is killed."""
        if self._waiting:
            lines, self._waiting = "\n".join(self._waiting) + "\n", []
            data = memoryview(lines.encode())
            while data:
                data = data[os.write(self._file, data) :]

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        os.close(self._file)


def read(path: Path, start: int = 0) -> list[LedgerCall]:
    """All calls of a ledger, in order of their first INVITE.

    From a byte `start` on, where a line begins, all that began behind it, and of the others those
    that ended behind it.

    A last line that was cut off is passed over. The call numbers of a network that was started
    again on the same file begin anew, so calls are told apart by their SIP Call-ID.
    """
    calls: dict[str, LedgerCall] = {}
    for entry in _entries(path, start):
        event, call_id = entry.pop("event"), entry.get("sip_call_id", "")
        known = calls.get(call_id)
        if event in {"invite", "end"} or (event == "answer" and known):
            calls[call_id] = _call(known, entry)
        elif event == "key" and known:
            key = LedgerKey(**{name: entry[name] for name in _KEY_FIELDS})
            calls[call_id] = replace(known, keys=(*known.keys, key))
    return sorted(calls.values(), key=lambda call: call.invite_at)


def _call(known: LedgerCall | None, facts: dict[str, Any]) -> LedgerCall:
    """What is known of a call with one more line; half a million of them fit into memory."""
    if "keys" in facts:
        facts["keys"] = tuple(LedgerKey(**key) for key in facts["keys"])
    for name in _ALIKE & facts.keys():
        facts[name] = intern(facts[name])
    return LedgerCall(**facts) if known is None else replace(known, **facts)


def _entries(path: Path, start: int = 0) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        lines.seek(start)
        for line in lines:
            if line.endswith(b"\n") and line.strip():
                yield json.loads(line)


def network_counters(path: Path) -> dict[str, Any]:
    """The network's own last `stop` line: packets, drops, its longest pause. Empty if killed."""
    stops = [entry for entry in _entries(path) if entry["event"] == "stop"]
    return stops[-1] if stops else {}


def peak_concurrent(calls: Sequence[LedgerCall]) -> int:
    """The most calls up at one moment, from first INVITE to end. One that ends frees its place."""
    ends: list[float] = []
    peak = 0
    for call in sorted(calls, key=lambda c: c.invite_at):
        while ends and ends[0] <= call.invite_at:
            heapq.heappop(ends)
        heapq.heappush(ends, float("inf") if call.ended_at is None else call.ended_at)
        peak = max(peak, len(ends))
    return peak


def peak_starts_per_second(calls: Sequence[LedgerCall]) -> int:
    """The most first INVITEs in any one second [t, t + 1)."""
    window: deque[float] = deque()
    peak = 0
    for start in sorted(call.invite_at for call in calls):
        while window and window[0] <= start - 1.0:
            window.popleft()
        window.append(start)
        peak = max(peak, len(window))
    return peak
