"""What is looked at before a launch of the ways that calls go out by, and of the number shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

from campaigns.check import Check, Subject, Verdict
from operations.prepared import Prepared, Way

HEARD = timedelta(days=30)
"""A line that somebody heard or called longer ago may have fallen silent: our own figure."""

_PASS, _WARN, _FAIL = Verdict.PASS, Verdict.WARN, Verdict.FAIL


def trunk(prepared: Prepared, way: Way) -> Check:
    """Whether a trunk is there, armed, and answers."""
    values = {"trunk": way.name, "by": way.record.armed_by or ""}
    if way.trunk is None:
        return Check(Subject.TRUNK, _FAIL, "The settings have no trunk «{trunk}».", values,
            "Add it to the settings.")  # fmt: skip
    if way.rehearsal:
        return _rehearsing(prepared, values)
    if way.record.armed_by is None:
        return Check(Subject.TRUNK, _FAIL, "Nobody has armed «{trunk}».", values,
            "A named person arms it: portevoix trunk arm {trunk} --by NAME.")  # fmt: skip
    if way.live is None:
        said = "«{trunk}» is armed by {by}; whether it answers is known once a dialer runs."
        return Check(Subject.TRUNK, _WARN, said, values)
    if way.live.get("breaker") == "open":
        said = "«{trunk}» is armed by {by}, and does not answer or fails calls now."
        return Check(Subject.TRUNK, _WARN, said, values, "Look at: portevoix trunk list.")
    return Check(Subject.TRUNK, _PASS, "«{trunk}» is armed by {by}, and answers.", values)


def _rehearsing(prepared: Prepared, values: dict[str, Any]) -> Check:
    if prepared.campaign.rehearsal:
        return Check(Subject.TRUNK, _PASS, "«{trunk}» reaches nobody: a rehearsal.", values)
    said = "«{trunk}» reaches nobody, and the campaign was prepared for people."
    return Check(Subject.TRUNK, _WARN, said, values, "Prepare it anew for one of the two.")


def caller_id(prepared: Prepared, way: Way) -> Check:
    """Whether the number shown may be shown, and is answered when called back.

    Carriers ask that a multipurpose number stays callable and tells who called.
    """
    number = prepared.campaign.caller_id
    values: dict[str, Any] = {"number": number, "trunk": way.name}
    if way.trunk is None or way.rehearsal:
        return Check(Subject.CALLER_ID, _PASS, "{number}; a rehearsal reaches nobody.", values)
    if number not in way.trunk.caller_ids:
        said = "«{trunk}» may not show {number}."
        return Check(Subject.CALLER_ID, _FAIL, said, values,
            "Add it to the trunk's caller_ids once the carrier allows it.")  # fmt: skip
    if not _allowed(prepared):
        values["pack"] = prepared.campaign.pack
        return Check(Subject.CALLER_ID, _FAIL, "{pack} does not let {number} be shown.", values,
            "Use a verified multipurpose number.")  # fmt: skip
    return _attested(way, values)


def _attested(way: Way, values: dict[str, Any]) -> Check:
    if way.heard_at is not None and datetime.now(UTC) - way.heard_at < HEARD:
        values["day"] = way.heard_at.date()
        said = "{number} is answered by our line when called back: somebody heard it on {day}."
        return Check(Subject.CALLER_ID, _PASS, said, values)
    if way.attested is None or datetime.now(UTC) - way.attested.at >= HEARD:
        said = "Nobody has heard lately what {number} says when called back."
        return Check(Subject.CALLER_ID, _FAIL, said, values,
            "Call it. Where another line answers it: "
            "portevoix trunk attest {trunk} {number} --by NAME.")  # fmt: skip
    values |= {"by": way.attested.by, "day": way.attested.at.date()}
    said = "{number} is answered when called back: {by} answers for it since {day}."
    return Check(Subject.CALLER_ID, _PASS, said, values)


def _allowed(prepared: Prepared) -> bool:
    """By the rules in force; where they are shipped no more, the check of the pack tells of it."""
    pack = prepared.pack
    return pack is None or pack.allows_caller_id(prepared.campaign.caller_id)
