"""What is looked at before a launch: each check says what it found, and what to do."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from campaigns.access import is_key
from campaigns.check import Check, Subject, Verdict
from campaigns.machine import MachineMode
from campaigns.money import Euros
from operations.prepared import Prepared
from operations.route_checks import caller_id, trunk
from operations.rule_checks import basis, elections, purpose

FRESH = timedelta(days=30)
"""Refusals imported longer ago are pointed out: the project's own figure."""

_PASS, _WARN, _FAIL = Verdict.PASS, Verdict.WARN, Verdict.FAIL


def every(prepared: Prepared) -> Iterator[Check]:
    """All checks, in the order in which they are read."""
    yield stop(prepared)
    yield persons(prepared)
    yield pack(prepared)
    yield purpose(prepared)
    yield elections(prepared)
    yield basis(prepared)
    yield people(prepared)
    yield suppressions(prepared)
    yield message(prepared)
    yield machines(prepared)
    for way in prepared.ways:
        yield trunk(prepared, way)
        yield caller_id(prepared, way)
    yield hours(prepared)
    yield budget(prepared)


def stop(prepared: Prepared) -> Check:
    """Whether calls may be placed at all."""
    if prepared.halted:
        return Check(Subject.STOP, _FAIL, "Everything is stopped.", {},
            "Let calls through again first.")  # fmt: skip
    return Check(Subject.STOP, _PASS, "Nothing is stopped.")


def persons(prepared: Prepared) -> Check:
    """Whether who launches it is another than who prepared it, where the campaign asks for it."""
    names = {"prepared": prepared.row["created_by"], "by": prepared.by}
    if not prepared.row["two_persons"]:
        return Check(Subject.PERSONS, _PASS, "Prepared by {prepared}; one person is enough.", names)
    if key := next(filter(is_key, names.values()), None):
        return Check(Subject.PERSONS, _FAIL, "It takes two persons, and «{key}» is none.",
            {"key": key}, "Have two people prepare and launch it who are signed in, or named at "
            "the command line.")  # fmt: skip
    if prepared.by.strip().casefold() == prepared.row["created_by"].strip().casefold():
        return Check(Subject.PERSONS, _FAIL, "{by} prepared it, and it takes two persons.", names,
            "Have somebody else launch it.")  # fmt: skip
    said = "Prepared by {prepared}; it takes another person to launch it."
    return Check(Subject.PERSONS, _PASS, said, names)


def pack(prepared: Prepared) -> Check:
    """Whether its rules are still those that were read."""
    campaign = prepared.campaign
    values: dict[str, Any] = {"pack": campaign.pack, "by": campaign.acknowledged_by}
    if prepared.rehearsal and campaign.rehearsal:
        return Check(Subject.PACK, _PASS, "{pack}; a rehearsal reaches nobody.", values)
    if campaign.verify_by is None:
        return Check(Subject.PACK, _PASS, "{pack} is in force.", values)
    dated = {**values, "day": campaign.verify_by}
    if campaign.awaits_reading(prepared.begins.date()):
        return Check(Subject.PACK, _FAIL, "{pack} had to be read again by {day}.", dated,
            "Have a lawyer say whether it still holds; then somebody answers for it.")  # fmt: skip
    if campaign.acknowledged_by:
        said = "{pack} had to be read again by {day}; {by} answers for it."
        return Check(Subject.PACK, _WARN, said, dated)
    return _current(prepared, dated)


def _current(prepared: Prepared, dated: dict[str, Any]) -> Check:
    """Whether another version is in force than it was prepared under."""
    if prepared.pack is None:
        return Check(Subject.PACK, _WARN, "{pack} is shipped no more.", dated)
    if prepared.pack.label != dated["pack"]:
        said = "{pack} is valid until {day}, and {newer} is in force now."
        return Check(Subject.PACK, _WARN, said, {**dated, "newer": prepared.pack.label},
            "Prepare the campaign anew to keep to it.")  # fmt: skip
    return Check(Subject.PACK, _PASS, "{pack} is valid until {day}.", dated)


def people(prepared: Prepared) -> Check:
    """How many may be called."""
    found = prepared.readiness
    others = found.people - found.callable_people
    values = {"callable": found.callable_people, "people": found.people, "others": others}
    if not found.people:
        return Check(Subject.PEOPLE, _FAIL, "Its lists hold nobody.", {}, "Add a list.")
    if not found.callable_people:
        verdict = _WARN if prepared.rehearsal else _FAIL
        return Check(Subject.PEOPLE, verdict, "None of {people} people may be called.", values,
            "See below what to ask the supplier for.")  # fmt: skip
    if others:
        said = "{callable} of {people} people may be called; {others} may not."
        return Check(Subject.PEOPLE, _WARN, said, values)
    return Check(Subject.PEOPLE, _PASS, "All {people} people may be called.", values)


def suppressions(prepared: Prepared) -> Check:
    """Whether refusals are fresh."""
    if prepared.rehearsal:
        return Check(Subject.SUPPRESSIONS, _PASS, "A rehearsal reaches nobody.")
    if prepared.suppressed_at is None:
        return Check(Subject.SUPPRESSIONS, _WARN, "No file of refusals was ever imported.", {},
            "Import the refusals that are known elsewhere.")  # fmt: skip
    old = prepared.begins - prepared.suppressed_at > FRESH
    said = "Refusals were last imported on {day}."
    values = {"day": prepared.suppressed_at.date()}
    remedy = "Import those that came since." if old else ""
    return Check(Subject.SUPPRESSIONS, _WARN if old else _PASS, said, values, remedy)


def message(prepared: Prepared) -> Check:
    """Whether what is played is whole, and in which order it is heard.

    That who calls and how to stop come before anything else is the project's own rule (GDPR art.
    13 and 14 ask for the controller's name; CPCE L.34-5, for commercial calls, that it is not
    concealed and that there is a way to stop them). What a recording says, a person must hear.
    """
    seconds = prepared.campaign.longest_ms / 1000
    order = " / ".join(", ".join(one) for one in prepared.orders)
    values: dict[str, Any] = {"order": order, "seconds": seconds}
    if prepared.message != "whole":
        verdict = _WARN if prepared.rehearsal else _FAIL
        said = "The prepared message is not whole on disk."
        return Check(Subject.MESSAGE, verdict, said, {}, "Prepare the campaign anew.")
    if prepared.says != "said" and not prepared.rehearsal:
        return _unsaid(prepared)
    if any(len(one) == 1 for one in prepared.orders) and not prepared.rehearsal:
        said = "One recording is all that is heard ({order}, {seconds} s)."
        return Check(Subject.MESSAGE, _WARN, said, values,
            "Make sure that it begins with who calls, for whom, and how to stop.")  # fmt: skip
    said = "Heard in this order: {order} ({seconds} s). Who calls and how to stop must be first."
    return Check(Subject.MESSAGE, _PASS, said, values)


def _unsaid(prepared: Prepared) -> Check:
    """Nobody has said what a recording says, or it is not what the rules ask, in their order."""
    values = {"pack": prepared.campaign.pack}
    if prepared.says == "unsaid":
        said = "{pack} asks in which order people hear what, and nobody has said what they hear."
        return Check(Subject.MESSAGE, _FAIL, said, values,
            "Prepare it anew, with «says» of each recording: docs/script.md.")  # fmt: skip
    said = "What its recordings say is not all that {pack} asks, or not in its order."
    return Check(Subject.MESSAGE, _FAIL, said, values,
        "Prepare the campaign anew: what is missing is said then.")  # fmt: skip


def machines(prepared: Prepared) -> Check:
    """What is done on answering machines.

    What a message left there must say is the project's own rule, as of a call (GDPR art. 13, 14
    and 21); whether it does, a person must hear.
    """
    found = prepared.campaign.machines
    if found.mode is MachineMode.OFF:
        return Check(Subject.MACHINES, _PASS, "Answering machines hear the message like people.")
    if found.mode is MachineMode.HANG_UP:
        said = "Answering machines are hung up on before the beep, and called again like people."
        return Check(Subject.MACHINES, _PASS, said)
    values: dict[str, Any] = {"order": ", ".join(prepared.left)}
    values["seconds"] = found.message_ms / 1000
    said = "Left on answering machines: {order} ({seconds} s)."
    verdict = _PASS if prepared.rehearsal else _WARN
    remedy = "Make sure that it says who calls, which number to call back, and how to stop."
    return Check(Subject.MACHINES, verdict, said, values, remedy)


def hours(prepared: Prepared) -> Check:
    """Whether there is time enough for everybody."""
    found, campaign = prepared.forecast, prepared.campaign
    if not found.calls:
        return Check(Subject.HOURS, _PASS, "No call is expected.")
    values: dict[str, Any] = {"calls": found.calls, "rate": found.rate}
    if not found.days:
        verdict = _WARN if prepared.rehearsal else _FAIL
        return Check(Subject.HOURS, verdict, "There is no hour at which anybody may be called.",
            values, "Look at its hours, its blackouts, and its last day.")  # fmt: skip
    if found.finish_at is None:
        placed = sum(one.calls for one in found.days)
        said = "Of {calls} calls expected, only {placed} fit into the hours there are."
        return Check(Subject.HOURS, _WARN, said,
            {**values, "placed": placed}, "Give it more hours, or higher limits.")  # fmt: skip
    values["finish"] = found.finish_at
    if campaign.finish_by is not None and campaign.finish_by < found.finish_at:
        said = "{calls} calls expected: the last one on {finish}, after {deadline}."
        return Check(Subject.HOURS, _WARN, said, {**values, "deadline": campaign.finish_by},
            "Give it more hours, or higher limits.")  # fmt: skip
    said = "{calls} calls expected at {rate} a second: the last one on {finish}."
    return Check(Subject.HOURS, _PASS, said, values)


def budget(prepared: Prepared) -> Check:
    """What it costs, and whether its budget allows for that."""
    cost, limit = prepared.cost, prepared.campaign.budget
    values: dict[str, Any] = {
        "expected": Euros(cost.expected), "worst": Euros(cost.worst), "people": cost.unpriced,
        "trunk": prepared.unpriced_trunk, "budget": Euros(limit or 0), "one": Euros(cost.least),
    }  # fmt: skip
    if cost.unpriced:
        verdict = _WARN if limit is None else _FAIL
        said = "For {people} people «{trunk}» has no tariff: what they cost is not known."
        return Check(Subject.BUDGET, verdict, said, values, "Add its tariffs to the settings.")
    if not cost.worst:
        return Check(Subject.BUDGET, _PASS, "It costs nothing.", values)
    if limit is None:
        said = "Expected to cost {expected}, {worst} at most; no budget limits it."
        return Check(Subject.BUDGET, _PASS if prepared.rehearsal else _WARN, said, values)
    if limit < cost.least:
        said = "The budget of {budget} has no room for a single call, which may cost {one}."
        return Check(Subject.BUDGET, _FAIL, said, values, "Raise the budget, or call fewer.")
    if cost.expected > limit:
        said = "Expected to cost {expected}, more than its budget of {budget}: it will wait there."
        return Check(Subject.BUDGET, _WARN, said, values, "Raise the budget, or call fewer.")
    said = "Expected to cost {expected} of its budget of {budget}, which it cannot pass."
    return Check(Subject.BUDGET, _PASS, said, values)
