"""`make bench-heard`: 1,000 calls at 50 a second, and what each phone heard of the message.

The simulated network keeps every packet of sound that it received. What the phone would play is
decoded and held against the file that the PBX had to play. Only the last calls count, placed once
the full rate is reached. The last line is one JSON object; the exit code is 1 where a goal is
missed.
"""

import argparse
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio.condition import LEAD_MS
from bench import people
from bench.figures import median, percentile
from bench.installation import DRAIN_S, Installation, Plan, end_in_order, installed
from bench.report import finish, save, table
from campaigns.campaign import Limits
from campaigns.trunk import Codec
from rehearsal.capture import captured
from rehearsal.ledger import LedgerCall, read
from rehearsal.likeness import Likeness, likeness

CALLS, RATE = 1000, 50.0
CHANNELS = 700
RAMP_S = 10.0
"""By then calls begin at the full rate (docs/pacing.md)."""

LEAD_SAMPLES = LEAD_MS * 8
"""Of G.711 before the speech: a message that lost no more than these lost none of it."""

LEAST_CORRELATION = 0.99
FIRST_SAMPLE_MS = 300.0
LEAST_IN_TIME = 0.99


@dataclass(frozen=True, slots=True)
class Ear:
    """What one phone heard.

    Attributes:
        heard: against the prepared file.
        waited_ms: from its answer (the 200 OK leaving) to the first sample of the message;
            infinite where none came.
    """

    heard: Likeness
    waited_ms: float


def ear(call: LedgerCall, captures: Path, file: bytes) -> Ear:
    """Listen to one call again.

    Args:
        call: one that was answered.
        captures: where the network kept what it received.
        file: what was to be played, in the codec of the call.
    """
    heard = likeness(captured(captures, call.sip_call_id), file)
    waited = (heard.first_at - (call.answer_at or math.nan)) * 1000
    return Ear(heard, math.inf if math.isnan(waited) else waited)


def result(ears: list[Ear]) -> dict[str, Any]:
    """The keys of the last line."""
    waits = [one.waited_ms for one in ears]
    return {
        "calls": len(ears),
        "correlation_min": min((one.heard.correlation for one in ears), default=math.nan),
        "start_clipped": sum(one.heard.clipped > LEAD_SAMPLES for one in ears),
        "lead_clipped": sum(0 < one.heard.clipped <= LEAD_SAMPLES for one in ears),
        "first_sample_p99_ms": percentile(waits, 0.99),
        "within_300ms": sum(wait <= FIRST_SAMPLE_MS for wait in waits) / max(1, len(waits)),
    }


def broken(found: dict[str, Any]) -> list[str]:
    """Goals that were missed."""
    missed = []
    if not found["correlation_min"] >= LEAST_CORRELATION:
        missed.append("correlation_min")
    if found["start_clipped"]:
        missed.append("start_clipped")
    if not found["within_300ms"] >= LEAST_IN_TIME:
        missed.append("within_300ms")
    return missed


def main(argv: list[str] | None = None) -> int:
    """Run; the exit code."""
    given = _arguments(argv)
    end_in_order()
    plan = Plan(CHANNELS, given.rate, people.LISTENS, codec=Codec(given.codec), capture=True)
    with installed(plan) as site:
        ears = _ears(site, given.calls, given.rate)
    found = result(ears)
    _show(found, ears)
    if given.save:
        save(given.save, "heard", {"result": found, "waited_ms": [one.waited_ms for one in ears]})
    finish(found)
    return 1 if broken(found) else 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.heard", description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--codec", choices=[Codec.ALAW, Codec.ULAW], default=Codec.ALAW)
    parser.add_argument("--save", type=Path, help="directory to keep the result in")
    return parser.parse_args(argv)


def _ears(site: Installation, calls: int, rate: float) -> list[Ear]:
    """Call everybody, and listen to the last calls again."""
    campaign = people.campaign(site, calls + int(rate * RAMP_S), Limits(CHANNELS, rate))
    people.start(site, campaign)
    site.start_dialer()
    wait_for_the_end(site, campaign)
    site.end_dialer()
    site.end_network()
    played = site.workspace.settings.audio_directory / people.message_path(site, campaign)
    file = played.with_name(f"{played.name}.{site.plan.codec}").read_bytes()
    answered = [call for call in read(site.ledger) if call.answer_at is not None]
    return [ear(call, site.captures, file) for call in answered[-calls:]]


def wait_for_the_end(site: Installation, campaign: int) -> None:
    """Wait until everybody has been called.

    Raises:
        TimeoutError: nothing has ended for too long.
    """
    states, moved = None, time.monotonic()
    while (now := people.progress(site, campaign)).state not in {"finished", "stopped"}:
        site.check()
        if now.states != states:
            states, moved = now.states, time.monotonic()
        if time.monotonic() > moved + DRAIN_S:
            raise TimeoutError("The campaign does not come to its end.")
        time.sleep(0.5)


def _show(found: dict[str, Any], ears: list[Ear]) -> None:
    missed = broken(found)
    waits, likenesses = [one.waited_ms for one in ears], [one.heard for one in ears]
    more = {
        "correlation_median": median(one.correlation for one in likenesses),
        "first_sample_p50_ms": percentile(waits, 0.5),
        "first_sample_worst_ms": max(waits, default=math.nan),
        "samples_clipped_at_most": max((one.clipped for one in likenesses), default=0),
        "calls_with_lost_samples": sum(one.lost > 0 for one in likenesses),
        "heard_whole_and_unchanged": sum(one.whole for one in likenesses),
    }
    rows = [(name, value, "no" if name in missed else "") for name, value in (found | more).items()]
    table("What was heard", ("what", "value", "missed"), rows)


if __name__ == "__main__":
    sys.exit(main())
