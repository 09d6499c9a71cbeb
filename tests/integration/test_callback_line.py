"""Whoever calls the number that was shown hears why, and is obeyed, with the dialer down too."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from calling import ANONYMOUS, Phone
from cli_process import run
from far_side import FarSide
from stage import CALLER_ID, MESSAGE, Stage, numbers, staged, until

from campaigns.check import Subject, Verdict
from campaigns.receipt_code import code_of
from campaigns.states import Action
from operations import public_pages, receipt_links
from operations.preflight import preflight
from operations.receipt_links import Standing
from operations.suppress import Owner, listed
from store import campaigns
from store.engine import reading

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(240)]

Phones = Callable[..., Phone]

EXAMPLES = MESSAGE.parent
LISTENS = 60
(
    CALLED, REFUSING, HIDDEN, LATE, ASKING, AGREEING, OTHER, KEYING, SLIPPING, VEILED, HASTY,
    HEARING,
) = numbers(LISTENS, 12)  # fmt: skip


@pytest.fixture(scope="module")
def stage(pbx_binary: object, pbx_root: Path) -> Iterator[Stage]:
    """One for all tests; each has callers of its own."""
    with staged(pbx_root, "callback line") as made:
        made.start_network()
        made.start_dialer()
        yield made


def install(stage: Stage, *more: str, recording: Path = MESSAGE) -> None:
    done = run(
        stage.home, "line", "install", CALLER_ID, "--recording", str(recording),
        "--controller", "Stage", *more,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture
def phone(stage: Stage, far_side: FarSide) -> Iterator[Phones]:
    """Makes phones that are put away in the end."""
    with ExitStack() as stack:

        def made(caller: str, number: str = CALLER_ID) -> Phone:
            kept = json.loads((stage.home / "pbx" / "instance.json").read_text())
            one = Phone(far_side, number, kept["ports"]["sip"], caller)
            stack.callback(one.close)
            return one

        yield made


def refused(stage: Stage) -> set[str]:
    owner = Owner.controller(stage.controller)
    return {one["number"] for one in listed(stage.workspace.engine, owner)}


def called(stage: Stage) -> set[str]:
    return {call.number for call in stage.calls}


def e164(number: str) -> str:
    return f"+33{number[1:]}"


def test_a_nine_is_obeyed_in_the_middle_of_a_word(stage: Stage, phone: Phones) -> None:
    install(stage)
    one = phone(REFUSING, f"+33{CALLER_ID[1:]}")
    assert one.ring() == "200"
    one.hear(0.3)
    one.press("9")
    until(lambda: e164(REFUSING) in refused(stage))
    one.wait()
    campaign = stage.prepare([CALLED, REFUSING], "At once")
    stage.act(campaign, Action.LAUNCH)
    until(lambda: stage.ended(campaign))
    assert e164(CALLED) in called(stage)
    assert e164(REFUSING) not in called(stage)


def test_it_answers_with_the_dialer_down_and_is_obeyed_before_the_next_call(
    stage: Stage, phone: Phones
) -> None:
    install(stage)
    campaign = stage.prepare([OTHER, LATE], "Later")
    stage.signal("dialer", signal.SIGKILL)
    one = phone(LATE)
    assert one.ring() == "200"
    one.hear(0.1)
    one.press("9")
    one.wait()
    assert e164(LATE) not in refused(stage), "nobody was there to hear of it"
    stage.act(campaign, Action.LAUNCH)
    stage.start_dialer()
    until(lambda: stage.ended(campaign))
    assert e164(OTHER) in called(stage)
    assert e164(LATE) not in called(stage)
    assert e164(LATE) in refused(stage)


def test_who_hides_the_number_keys_it_in(stage: Stage, phone: Phones) -> None:
    install(stage)
    one = phone(ANONYMOUS)
    assert one.ring() == "200"
    one.hear(0.1)
    one.press("9")
    one.hear(1.0)
    one.press(f"{HIDDEN}#")
    until(lambda: e164(HIDDEN) in refused(stage))
    one.wait()


def test_who_hangs_up_after_the_last_digit_is_obeyed(stage: Stage, phone: Phones) -> None:
    install(stage)
    one = phone(ANONYMOUS)
    assert one.ring() == "200"
    one.hear(0.1)
    one.press("9")
    one.hear(1.0)
    one.press(HASTY)
    one.hear(0.3)
    one.hang_up()
    until(lambda: e164(HASTY) in refused(stage))


def test_what_is_no_number_is_asked_for_again_and_never_said_to_be_noted(
    stage: Stage, phone: Phones
) -> None:
    install(stage)
    before = _done(stage).count("optout")
    one = phone(ANONYMOUS)
    assert one.ring() == "200"
    one.hear(0.1)
    one.press("9")
    for wrong in ("123456789#", "0039#", "#"):
        one.hear(1.0)
        one.press(wrong)
    one.wait()
    assert _done(stage).count("optout") == before


def test_a_question_and_a_consent(stage: Stage, phone: Phones) -> None:
    done = run(
        stage.home, "consent-form", "create", "Par téléphone", "--purpose", "political",
        "--fr", "J'accepte d'être appelé.", "--slug", "telephone", "--controller", "Stage",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    install(stage, "--form", "telephone")
    for caller, key in ((ASKING, "1"), (AGREEING, "5")):
        one = phone(caller)
        assert one.ring() == "200"
        one.hear(0.1)
        one.press(key)
        one.wait()
    until(lambda: "access" in _done(stage) and "consent" in _done(stage))
    asked = run(stage.home, "request", "list", "--controller", "Stage", "--json")
    assert e164(ASKING) in {json.loads(line)["number"] for line in asked.stdout.splitlines()}
    proof = run(stage.home, "consent-form", "proof", AGREEING, "--controller", "Stage", "--json")
    assert [one["act"] for one in json.loads(proof.stdout)] == ["agree"]


def _done(stage: Stage) -> list[str]:
    done = run(stage.home, "line", "calls", "--controller", "Stage", "--json")
    return [one["act"] for one in json.loads(done.stdout)]


def a_page(stage: Stage) -> str:
    """The secret of a page that shows a code."""
    public_pages.publish(stage.workspace, stage.controller, "test")
    return receipt_links.make(stage.workspace, stage.controller)


def standing(stage: Stage, secret: str) -> Standing:
    return receipt_links.seen(stage.workspace, "stage", secret).standing


def test_the_code_of_a_page_is_keyed_with_the_dialer_down(stage: Stage, phone: Phones) -> None:
    install(stage)
    secret = a_page(stage)
    stage.signal("dialer", signal.SIGKILL)
    one = phone(KEYING)
    assert one.ring() == "200"
    one.hear(0.1)
    one.press("2" + code_of(secret))
    one.wait()
    assert standing(stage, secret) is Standing.WAITING, "nobody was there to hear of it"
    stage.start_dialer()
    until(lambda: standing(stage, secret) is Standing.ASKED)
    assert e164(KEYING) in _asking(stage)


def test_whoever_slips_is_told_and_tries_again_but_not_for_ever(
    stage: Stage, phone: Phones
) -> None:
    install(stage)
    secret = a_page(stage)
    code = code_of(secret)
    slip = f"{code[:-1]}{(int(code[-1]) + 1) % 10}"
    one = phone(SLIPPING)
    assert one.ring() == "200"
    one.hear(0.1)
    one.press(f"2{slip}")
    one.hear(4.0)
    one.press(code)
    one.wait()
    until(lambda: standing(stage, secret) is Standing.ASKED)
    again = phone(OTHER)
    assert again.ring() == "200"
    again.hear(0.1)
    again.press("2")
    for _ in range(3):
        again.press(slip)
        again.hear(4.0)
    again.wait()
    assert e164(OTHER) not in _asking(stage), "a code that is none is nothing"


def test_the_code_of_an_anonymous_call_leaves_nothing_to_release(
    stage: Stage, phone: Phones
) -> None:
    install(stage)
    secret = a_page(stage)
    one = phone(ANONYMOUS)
    assert one.ring() == "200"
    one.hear(0.1)
    one.press("2" + code_of(secret))
    one.hear(1.0)
    one.press(f"{VEILED}#")
    until(lambda: standing(stage, secret) is Standing.BY_HAND)
    one.wait()
    assert e164(VEILED) in _asking(stage)


def _asking(stage: Stage) -> set[str]:
    done = run(stage.home, "request", "list", "--controller", "Stage", "--json")
    return {json.loads(line)["number"] for line in done.stdout.splitlines()}


def test_a_number_that_is_no_line_is_refused(stage: Stage, phone: Phones) -> None:
    install(stage)
    for number in ("0199009999", "33199009999", "s"):
        assert phone(OTHER, number).ring() != "200"
    assert run(stage.home, "line", "remove", CALLER_ID, "--controller", "Stage").returncode == 0
    assert phone(OTHER).ring() != "200"


def test_what_it_speaks_changes_for_the_next_caller(stage: Stage, phone: Phones) -> None:
    heard = []
    for recording in ("message-court", "message-corps"):
        install(stage, recording=EXAMPLES / f"{recording}.flac")
        one = phone(OTHER)
        assert one.ring() == "200"
        one.hear(1.5)
        one.press("9")
        one.wait()
        spoken = (stage.home / "pbx" / "lines" / CALLER_ID / "message.alaw").read_bytes()
        heard.append(spoken[4000:8000])
        assert heard[-1] in b"".join(packet[12:] for _, packet in one.call.packets)
    assert heard[0] != heard[1]


CARRIER = """
[trunks.carrier]
host = "localhost"  # a name, which is taken for a real carrier's
options_interval_s = 0
port = {port}
caller_ids = ["+33162000001"]
"""


def test_a_campaign_has_its_number_answered_and_is_not_launched_before_it_was_heard(
    stage: Stage, phone: Phones
) -> None:
    settings = stage.home / "portevoix.toml"
    settings.write_text(settings.read_text() + CARRIER.format(port=stage.sip_port))
    stage.reopen()
    campaign = stage.prepare([CALLED], "For people", trunk="carrier")
    assert shown(stage, campaign) is Verdict.FAIL
    stage.signal("dialer", signal.SIGKILL)
    one = phone(HEARING, "0162000001")
    assert one.ring() == "200"
    one.hear(1.5)
    one.press("9")
    one.wait()
    row = kept_campaign(stage, campaign)
    spoken = (stage.workspace.library.root / f"{row['message']}.alaw").read_bytes()
    assert spoken[4000:8000] in b"".join(packet[12:] for _, packet in one.call.packets)
    stage.start_dialer()
    until(lambda: shown(stage, campaign) is Verdict.PASS)
    assert e164(HEARING) in refused(stage)


def shown(stage: Stage, campaign: int) -> Verdict:
    """What is found before the launch of the number that is shown."""
    found = preflight(stage.workspace, stage.controller, campaign)
    return next(one.verdict for one in found.checks if one.subject is Subject.CALLER_ID)


def kept_campaign(stage: Stage, campaign: int) -> dict[str, Any]:
    with reading(stage.workspace.engine) as connection:
        return campaigns.row(connection, stage.controller, campaign)
