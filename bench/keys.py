"""`make bench-keys`: 10,000 keys pressed in real calls, and what the engine made of them.

Keys go by RFC 4733, by RFC 4733 and SIP INFO at once, by INFO alone and as tones in the sound: to
a trunk that ignores INFO, and to one that takes it. Half of the calls have a script with questions,
so that keys fall into prompts and across the ends of their files. The network's ledger says what
was pressed, the engine's record what was acted on. The last line is one JSON object; the exit code
is 1 where a key sent by RFC 4733 was lost, or one press counted twice.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from bench import people
from bench.heard import wait_for_the_end
from bench.installation import Installation, Plan, end_in_order, installed
from bench.presses import (
    ANYHOW,
    BOTH,
    EXACT,
    INBAND,
    INFO,
    RFC4733,
    Taking,
    Tally,
    Way,
    judged,
    population,
)
from bench.report import finish, note, save, table
from campaigns.campaign import Limits
from operations.report import all_attempts
from operations.script_values import ScriptValues
from rehearsal.ledger import read

KEYS = 10_000
"""By RFC 4733, with INFO beside it or without: those of which none may be lost."""

RATE = 25.0
CHANNELS = 400
MESSAGE_S, QUESTION_S = 3.0, 1.2
_PER_CALL = 2.5
"""Keys by RFC 4733 in a call, on average, that have to be acted on; rather fewer than there are."""

_FEWER = 3
"""So many times as few calls go to a trunk that takes INFO."""

_SHOWN = 10


def result(tallies: dict[Way, Tally]) -> dict[str, Any]:
    """The keys of the last line."""
    rfc, both = tallies[RFC4733], tallies[BOTH]
    return {
        "keys": rfc.pressed + both.pressed,
        "rfc4733_lost": rfc.lost + both.lost,
        "rfc4733_twice": rfc.twice,
        "both_twice": both.twice,
        "info_lost_share": tallies[INFO].lost_share,
        "inband_lost_share": tallies[INBAND].lost_share,
    }


def broken(found: dict[str, Any]) -> list[str]:
    """Promises that were not kept."""
    return [name for name in ("rfc4733_lost", "rfc4733_twice", "both_twice") if found[name]]


def main(argv: list[str] | None = None) -> int:
    """Run; the exit code."""
    given = _arguments(argv)
    end_in_order()
    calls = max(2, int(given.keys / _PER_CALL))
    tallies = _together(
        _pressed(taking, calls // share, given.rate, given.seed)
        for taking, share in ((EXACT, 1), (ANYHOW, _FEWER))
    )
    found = result(tallies)
    _show(found, tallies)
    if given.save:
        save(
            given.save,
            "keys",
            {"result": found, "odd": {_name(w): t.odd for w, t in tallies.items()}},
        )
    finish(found)
    return 1 if broken(found) else 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.keys", description=__doc__)
    parser.add_argument("--keys", type=int, default=KEYS, help="by RFC 4733, about so many")
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, help="directory to keep the result in")
    return parser.parse_args(argv)


def _together(found: Iterable[dict[Way, Tally]]) -> dict[Way, Tally]:
    tallies: dict[Way, Tally] = {}
    for one in found:
        for way, tally in one.items():
            tallies[way] = tallies.get(way, Tally()) + tally
    return tallies


def _pressed(taking: Taking, calls: int, rate: float, seed: int) -> dict[Way, Tally]:
    with tempfile.TemporaryDirectory(prefix="portevoix-keys-") as directory:
        who = Path(directory) / "keys.toml"
        who.write_text(population(calls, MESSAGE_S, seed, taking))
        with installed(Plan(CHANNELS, rate, str(who), seed, keys=taking.keys)) as site:
            return _tallies(site, calls, rate, taking)


def _tallies(site: Installation, calls: int, rate: float, taking: Taking) -> dict[Way, Tally]:
    limits = Limits(CHANNELS, rate)
    asking = people.message(site, QUESTION_S)
    campaigns = [
        people.campaign(site, calls // 2, limits, seconds=MESSAGE_S, script=script)
        for script in (None, _script(asking))
    ]
    site.start_dialer()
    for campaign in campaigns:
        people.start(site, campaign)
        wait_for_the_end(site, campaign)
    site.end_dialer()
    site.end_network()
    taken = chain.from_iterable(
        all_attempts(site.workspace, site.controller, campaign) for campaign in campaigns
    )
    acted_on = {one["sip_call_id"]: one["keys"] or "" for one in taken}
    return judged(read(site.ledger), acted_on, taking)


def _script(asking: int) -> ScriptValues[int]:
    """Two questions, one key that asks for something else, and one that begins again."""
    questions = [
        {"name": name, "recording": asking, "answers": {"1": "oui", "2": "non"}}
        for name in ("one", "two")
    ]
    return ScriptValues[int].model_validate(
        {
            "says": [["identity", "opt_out", "body", "data_source", "callback"]],
            "replay": "0",
            "source": {"key": "5", "recording": asking},
            "questions": questions,
            "prompts": {"noted": asking, "thanks": asking, "unknown": asking},
        }
    )


def _name(way: Way) -> str:
    return " and ".join(way)


def _show(found: dict[str, Any], tallies: dict[Way, Tally]) -> None:
    rows = [
        (_name(way), one.pressed, one.lost, one.twice, one.blurred) for way, one in tallies.items()
    ]
    table("Keys", ("way", "pressed", "lost", "twice", "sent late"), rows)
    for way, one in tallies.items():
        for call_id, pressed, taken in one.odd[:_SHOWN]:
            note(f"{_name(way)}: pressed {pressed}, acted on {taken or 'nothing'} ({call_id})")
    for name in broken(found):
        note(f"missed: {name}")


if __name__ == "__main__":
    sys.exit(main())
