"""`make bench-machines`: answering machines and people through real Asterisk, told apart or not.

200 machines and 200 people, half of whom were there to fix the thresholds of `campaigns.machine`;
what is reported is what became of the other half, among them no greeting of the first. Each is
called twice: by a campaign that leaves a message on machines, and by one that hangs up on them.
When a message began is told from the network's ledger. The last line is one JSON object; the exit
code is 1 where a person was hung up on, or a message began before the beep.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from bench import answering, people
from bench.answering import Answer
from bench.installation import Installation, Plan, end_in_order, installed
from bench.report import finish, save, table, tell
from campaigns.campaign import Limits
from campaigns.machine import MachineMode
from campaigns.outcome import Outcome
from campaigns.states import CampaignState
from cli.judge import Evidence, evidence
from operations.campaign_file import MachineValues
from operations.import_list import import_list
from operations.prepare import prepare_campaign
from rehearsal.ledger import LedgerCall
from rehearsal.profile import load
from store import campaigns as kept
from store.engine import reading

MESSAGE_S = 15.0
LEFT_S = 6.0
LIMITS = Limits(100, 8)
PATIENCE_S = 400.0

_POPULATION = """
ring = [0.1, 1.0]

[[behaviour]]
name = "machine"
weight = 1

[[behaviour]]
name = "answers_and_listens"
weight = 1
"""

_CLOCKS_S = 0.1
"""By how much the ledger and the PBX may differ on when something was played."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one call.

    Attributes:
        outcome: as we recorded it.
        begun_s: after the answer, when the message that was left began; None where none was.
    """

    mode: MachineMode
    answer: Answer
    outcome: str
    begun_s: float | None

    @property
    def hung_up_on(self) -> bool:
        """Whether it was ended for being taken for a machine."""
        return self.outcome == Outcome.MACHINE

    @property
    def left(self) -> bool:
        """Whether a message was left in it."""
        return self.outcome == Outcome.MACHINE_MESSAGE_LEFT

    @property
    def too_early(self) -> bool:
        """Whether the message that was left began before the beep."""
        return self.left and (self.begun_s or 0.0) < self.answer.ready_s - _CLOCKS_S


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-machines", description=__doc__)
    parser.add_argument("--each", type=int, default=answering.EACH, help="machines, and people")
    parser.add_argument("--save", type=Path, help="keep the result in this directory")
    asked = parser.parse_args()
    end_in_order()
    with _site(asked.each) as (site, answers):
        told = [one for mode in _MODES for one in _called(site, answers, mode)]
    result = figures([one for one in told if not one.answer.fixes])
    result["fixing_half"] = figures([one for one in told if one.answer.fixes])
    show(told)
    if asked.save:
        save(asked.save, "machines", result)
    finish(result)
    return 1 if result["people_hung_up_on"] or result["left_too_early"] else 0


_MODES = (MachineMode.LEAVE_MESSAGE, MachineMode.HANG_UP)


@contextmanager
def _site(each: int) -> Iterator[tuple[Installation, dict[str, Answer]]]:
    """An installation whose network answers with the corpus; who answers at which number."""
    with tempfile.TemporaryDirectory(prefix="portevoix-answers-") as directory:
        population = Path(directory, "population.toml")
        population.write_text(_POPULATION)
        tell(f"composing {each} machines and {each} people")
        found = answering.write(Path(directory), each)
        plan = Plan(LIMITS.max_channels, 50, str(population), voices=directory)
        with installed(plan) as site:
            yield site, numbered(found, str(population))


def numbered(answers: Sequence[Answer], population: str) -> dict[str, Answer]:
    """A number for each answer, which the network will answer with it.

    Raises:
        RuntimeError: there are too few numbers.
    """
    who = load(population, seed=1)
    kinds = {
        "machine": [one for one in answers if one.is_machine],
        "answers_and_listens": [one for one in answers if not one.is_machine],
    }
    found: dict[str, str] = {}
    for index in range(10_000):
        number = f"+3363998{index:04d}"
        said = kinds[who.plan_for(number, 1).behaviour]
        found.setdefault(said[crc32(number[-9:].encode()) % len(said)].name, number)
    if len(found) < len(answers):
        raise RuntimeError("There are too few numbers for so many answers.")
    return {found[one.name]: one for one in answers}


def _called(site: Installation, answers: dict[str, Answer], mode: MachineMode) -> list[Told]:
    tell(f"calling {len(answers)} with mode {mode}")
    seen, left_s = _campaign(site, list(answers), mode)
    outcomes = {one.number: one.outcome or "" for one in seen.attempts}
    return [
        Told(mode, answers[call.number], outcomes.get(call.number, ""), _begun(call, left_s))
        for call in seen.calls
    ]


def _begun(call: LedgerCall, left_s: float) -> float | None:
    """When what was left began: it was played to its end, after which nothing is sent."""
    if call.answer_at is None or call.rtp_last_at is None or call.hung_up_by != "pbx":
        return None
    return call.rtp_last_at - left_s - call.answer_at


def _campaign(site: Installation, numbers: list[str], mode: MachineMode) -> tuple[Evidence, float]:
    """One campaign from its list to its end; what was seen, and how long what it leaves is."""
    leaves = mode is MachineMode.LEAVE_MESSAGE
    message = people.message(site, MESSAGE_S)
    left = [people.message(site, LEFT_S)] if leaves else []
    values = people.values(f"machines {mode}", LIMITS).model_copy(
        update={"machines": MachineValues(mode=mode)}
    )
    made = prepare_campaign(
        site.workspace, site.controller, values, [message], [_list(site, numbers)], people.BY,
        machine_recording_ids=left,
    )  # fmt: skip
    if site.dialer is None:
        site.start_dialer()
    people.start(site, made)
    _await_end(site, made)
    with reading(site.workspace.engine) as connection:
        left_s = kept.by_id(connection, made).machines.message_ms / 1000
    return evidence(site.workspace, site.controller, made, site.ledger), left_s


def _list(site: Installation, numbers: Iterable[str]) -> int:
    path = site.home / "answers.csv"
    path.write_text("telephone;date_consentement;source_consentement;formulation\n" + "".join(
        f"{number};2025-05-01;site;w\n" for number in numbers
    ))  # fmt: skip
    with path.open("rb") as file:
        report = import_list(
            site.workspace.engine, site.controller, file, name="answers", file_name=path.name,
            provenance=people.PROVENANCE, by=people.BY,
        )  # fmt: skip
    return report.list_id


def _await_end(site: Installation, campaign: int) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while people.progress(site, campaign).state is not CampaignState.FINISHED:
        site.check()
        if time.monotonic() > give_up:
            raise TimeoutError("The campaign does not end.")
        time.sleep(0.5)


def figures(told: Sequence[Told]) -> dict[str, Any]:
    """The keys of the last line, of one half."""
    machines = [one for one in told if one.answer.is_machine]
    persons = [one for one in told if not one.answer.is_machine]
    leaving = [one for one in machines if one.mode is MachineMode.LEAVE_MESSAGE]
    hanging = [one for one in machines if one.mode is MachineMode.HANG_UP]
    return {
        "people": len({one.answer.name for one in persons}),
        "machines": len({one.answer.name for one in machines}),
        "people_hung_up_on": sum(one.hung_up_on for one in persons),
        "people_left_a_message": sum(one.left for one in persons),
        "machines_left_a_message": sum(one.left for one in leaving),
        "machines_hung_up_on": sum(one.hung_up_on for one in hanging),
        "left_too_early": sum(one.too_early for one in machines),
        "others": dict(Counter(
            one.outcome for one in told
            if one.outcome not in {"delivered", "machine", "machine_message_left"}
        )),
    }  # fmt: skip


def show(told: Sequence[Told]) -> None:
    """Print what became of each kind, of the half on which nothing was fixed."""
    counts = Counter(
        (one.mode.value, one.answer.is_machine, one.answer.kind, one.outcome)
        for one in told
        if not one.answer.fixes
    )
    rows = [
        (mode, "machine" if machine else "person", kind, outcome, count)
        for (mode, machine, kind, outcome), count in sorted(counts.items())
    ]
    table("What became of whom", ("campaign", "who", "kind", "outcome", "calls"), rows)


if __name__ == "__main__":
    sys.exit(main())
