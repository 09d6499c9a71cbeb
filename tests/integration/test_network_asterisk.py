"""The simulated network against a real Asterisk: each side's record must fit the other's."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from network_rig import Pbx, Rehearsal, Seen, eventually, running_network, running_pbx

from rehearsal.behaviour import BY_ENDING
from rehearsal.expectation import Announced, expected_outcomes
from rehearsal.ledger import LedgerCall, network_counters

pytestmark = [pytest.mark.pbx, pytest.mark.usefixtures("pbx_binary")]

MESSAGE_SECONDS = 3.0
HELD_UP_S = 2.0
RING_SECONDS = 2.5
ANNOUNCED = Announced(MESSAGE_SECONDS, RING_SECONDS)
ENDINGS = ("00", *BY_ENDING)
ULAW, G722 = "0199000100", "0199000200"


@dataclass(frozen=True)
class Both:
    """One call as the network and as the PBX saw it."""

    network: LedgerCall
    pbx: Seen


@dataclass(frozen=True)
class Run:
    calls: dict[str, Both]
    ledger: list[LedgerCall]
    counters: dict[str, object]


@pytest.fixture(scope="module")
def message() -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(suffix=".alaw") as file:
        times = np.arange(int(MESSAGE_SECONDS * 8000)) / 8000
        tone = 0.2 * np.sin(2 * np.pi * 440 * times)
        sf.write(file.name, tone, 8000, format="RAW", subtype="ALAW")
        yield Path(file.name)


@pytest.fixture(scope="module")
def run(message: Path) -> Iterator[Run]:
    """Every ending of the table dialled at once, and both records afterwards."""
    with tempfile.TemporaryDirectory(prefix="network-") as home:
        ledger = Path(home) / "ledger.jsonl"
        with (
            running_network(ledger, "--by-number") as network,
            running_pbx(Path(home) / "pbx", network.sip_port, message) as pbx,
        ):
            yield _dial_all(network, pbx)


def _dial_all(network: Rehearsal, pbx: Pbx) -> Run:
    for ending in ENDINGS:
        pbx.dial(f"01990000{ending}", ring_seconds=RING_SECONDS)
    pbx.dial(ULAW, trunk="ulaw")
    pbx.dial(G722, trunk="g722")
    total = len(ENDINGS) + 2
    eventually(lambda: len(pbx.seen()) == total, 30)
    eventually(lambda: sum(c.ended_at is not None for c in network.calls()) >= total, 10)
    assert network.stop() == 0
    by_id = {seen.sip_call_id: seen for seen in pbx.seen()}
    ledger = network.calls()
    pairs = {call.number: Both(call, by_id[call.sip_call_id]) for call in ledger}
    return Run(pairs, ledger, network_counters(network.ledger))


def _both(run: Run, ending: str) -> Both:
    return run.calls[f"01990000{ending}"]


@pytest.mark.parametrize(
    ("ending", "answer"),
    [
        ("20", "SIP 486 Busy Here"),
        ("22", "SIP 180 Ringing"),
        ("30", "SIP 603 Decline"),
        ("31", "SIP 607 Unwanted"),
        ("32", "SIP 608 Rejected"),
        ("33", "SIP 428 Use Identity Header"),
        ("34", "SIP 404 Not Found"),
        ("35", "SIP 404 Not Found"),
        ("36", "SIP 503 Service Unavailable"),
        ("37", "SIP 480 Temporarily Unavailable"),
        ("39", "SIP 500 Server Internal Error"),
    ],
)
def test_the_pbx_reads_the_answer_that_was_sent(run: Run, ending: str, answer: str) -> None:
    assert _both(run, ending).pbx.answer == answer


@pytest.mark.parametrize(
    ("ending", "keys"),
    [("10", "9"), ("11", "9"), ("12", "1"), ("15", "9"), ("16", "5"), ("17", "9"), ("00", "")],
)
def test_the_pbx_hears_the_keys_that_were_sent(run: Run, ending: str, keys: str) -> None:
    both = _both(run, ending)
    assert both.pbx.keys == keys
    assert "".join(key.digit for key in both.network.keys) == keys


@pytest.mark.parametrize("ending", ["18", "19"])
def test_one_press_by_two_routes_reaches_a_plain_dialplan_twice(run: Run, ending: str) -> None:
    both = _both(run, ending)
    digit = both.network.keys[0].digit
    assert both.pbx.keys == 2 * digit
    assert [(k.digit, k.route) for k in both.network.keys] == [(digit, "info"), (digit, "rfc4733")]
    assert both.network.keys[0].start == both.network.keys[1].start


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        ("00", "delivered"),
        ("01", "hung_up_early"),
        ("03", "delivered"),
        ("10", "opted_out"),
        ("15", "opted_out"),
        ("17", "opted_out"),
        ("18", "opted_out"),
        ("20", "busy"),
        ("22", "no_answer"),
        ("25", "no_answer"),
        ("30", "rejected"),
        ("31", "unwanted"),
        ("32", "analytics_blocked"),
        ("33", "auth_blocked"),
        ("34", "invalid_number"),
        ("35", "invalid_number"),
        ("36", "congestion"),
        ("37", "no_answer"),
        ("39", "carrier_failure"),
        ("40", "unreachable"),
        ("50", "delivered"),
        ("51", "delivered"),
        ("52", "delivered"),
        ("53", "delivered"),
        ("54", "delivered"),
    ],
)
def test_the_facts_of_a_real_call_lead_to_one_outcome(run: Run, ending: str, outcome: str) -> None:
    assert expected_outcomes(_both(run, ending).network, ANNOUNCED) == {outcome}


@pytest.mark.parametrize(
    ("ending", "outcomes"),
    [("24", {"answered_too_late", "no_answer"}), ("38", {"unreachable", "no_answer"})],
)
def test_where_the_pbx_may_not_know_two_outcomes_are_true(
    run: Run, ending: str, outcomes: set[str]
) -> None:
    assert expected_outcomes(_both(run, ending).network, ANNOUNCED) == outcomes


def test_every_packet_of_the_message_is_counted(run: Run) -> None:
    for ending in ("00", "03", "50", "51", "52", "53", "54"):
        seen = _both(run, ending).network
        assert (seen.rtp_packets, seen.rtp_seconds) == (150, MESSAGE_SECONDS), ending
        assert seen.rtp_first_at is not None
        assert seen.rtp_last_at is not None
        # Played at the pace of speech; a machine that is full holds some of it up.
        assert 2.88 < seen.rtp_last_at - seen.rtp_first_at < 2.98 + HELD_UP_S


def test_audio_flows_to_the_pbx_until_the_call_ends(run: Run) -> None:
    both = _both(run, "00")
    assert both.network.answer_at is not None
    assert both.network.ended_at is not None
    due = (both.network.ended_at - both.network.answer_at) * 50
    assert both.pbx.packets_received == pytest.approx(due, abs=5)


def test_whoever_sends_no_audio_sends_none(run: Run) -> None:
    assert _both(run, "52").pbx.packets_received == 0
    assert _both(run, "54").pbx.packets_received <= 1


def test_whoever_vanishes_stops_speaking_and_leaves_the_bye_unanswered(run: Run) -> None:
    both = _both(run, "53")
    assert both.pbx.packets_received == pytest.approx(100, abs=5)
    assert (both.network.hung_up_by, both.network.status) == ("pbx", 200)


def test_an_answer_at_the_time_out_crosses_the_cancel(run: Run) -> None:
    seen = _both(run, "24").network
    assert seen.cancel_at is not None
    assert seen.answer_at is not None
    assert seen.answer_at - seen.cancel_at < 0.1
    assert (seen.rtp_packets, seen.hung_up_by) == (0, "pbx")
    assert seen.cancel_at - seen.invite_at == pytest.approx(RING_SECONDS, abs=0.5)


def test_the_announcement_is_heard_before_the_refusal(run: Run) -> None:
    both = _both(run, "35")
    assert both.pbx.packets_received == pytest.approx(100, abs=5)
    assert both.network.answer_at is None


def test_nobody_follows_the_redirection_unseen(run: Run) -> None:
    both = _both(run, "40")
    assert both.network.status == 302
    # Asterisk takes a redirection apart from other answers and may not have noted it in time.
    assert both.pbx.answer in {"SIP 302 Moved Temporarily", "SIP 100 Trying"}
    assert not [call for call in run.ledger if call.number.startswith("+999")]


def test_the_caller_shows_its_number_twice(run: Run) -> None:
    seen = _both(run, "00").network
    assert (seen.caller_id, seen.asserted_id) == ("0199000000", "0199000000")
    assert seen.source.startswith("127.0.0.1:")


def test_mu_law_is_spoken_too(run: Run) -> None:
    both = run.calls[ULAW]
    assert both.network.rtp_packets == 150
    assert both.pbx.packets_received > 150


def test_what_cannot_be_spoken_is_refused_and_seen(run: Run) -> None:
    both = run.calls[G722]
    assert (both.network.status, both.network.answer_at) == (488, None)
    assert both.pbx.answer == "SIP 488 Not Acceptable Here"


def test_no_packet_was_lost(run: Run) -> None:
    assert run.counters["rtp_lost_by_kernel"] == 0
    assert run.counters["rtp_unsent"] == 0
    assert run.counters["malformed"] == 0
