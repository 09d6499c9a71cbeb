"""What is looked at before a launch of what the rule pack demands besides hours and proof."""

from typing import Any

from campaigns.check import Check, Subject, Verdict
from campaigns.rules.purposes import purpose_of
from operations.prepared import Prepared

_PASS, _WARN, _FAIL = Verdict.PASS, Verdict.WARN, Verdict.FAIL


def purpose(prepared: Prepared) -> Check:
    """Whether the rules are for such calls, and for who has them placed."""
    pack = prepared.pack
    values: dict[str, Any] = {
        "pack": prepared.campaign.pack,
        "purpose": prepared.campaign.purpose,
        "controller": prepared.controller["name"],
    }
    if pack is None:
        return Check(Subject.PURPOSE, _PASS, "It calls for the purpose «{purpose}».", values)
    if purpose_of(prepared.campaign.purpose) not in pack.purposes:
        verdict = _WARN if prepared.rehearsal else _FAIL
        said = "{pack} is not for calls of the purpose «{purpose}»."
        return Check(Subject.PURPOSE, verdict, said, values,
            "Prepare it anew, with the rules that are for it.")  # fmt: skip
    if prepared.rehearsal:
        return Check(Subject.PURPOSE, _PASS, "{pack} is for such calls.", values)
    return _authority(prepared, values)


def _authority(prepared: Prepared, values: dict[str, Any]) -> Check:
    pack, signatory = prepared.pack, prepared.row["signatory"]
    if pack is not None and pack.public_body and not prepared.controller["public_body"]:
        said = "{pack} is for public bodies, and «{controller}» is not marked as one."
        return Check(Subject.PURPOSE, _FAIL, said, values,
            "Whoever runs the installation marks it: portevoix controller public-body "
            '"{controller}" --by NAME.')  # fmt: skip
    if pack is not None and pack.signatory and not signatory:
        said = "{pack} asks who signs for it, and nobody does."
        return Check(Subject.PURPOSE, _FAIL, said, values,
            "Prepare it anew, with «signatory».")  # fmt: skip
    if signatory:
        said = "{pack} is for such calls; {signatory} signs for it."
        return Check(Subject.PURPOSE, _PASS, said, {**values, "signatory": signatory})
    return Check(Subject.PURPOSE, _PASS, "{pack} is for such calls.", values)


def elections(prepared: Prepared) -> Check:
    """Whether it is known around which polls nobody is called (Code électoral, L.49 3°)."""
    row = prepared.row
    if named := ", ".join(one["name"] for one in row["elections"]):
        said = "Nobody is called around: {named}."
        return Check(Subject.ELECTIONS, _PASS, said, {"named": named})
    if prepared.rehearsal:
        return Check(Subject.ELECTIONS, _PASS, "A rehearsal reaches nobody.")
    values: dict[str, Any] = {"pack": prepared.campaign.pack, "id": str(row["id"])}
    if row["no_election_by"]:
        said = "{by} answers for there being no election while it runs."
        return Check(Subject.ELECTIONS, _WARN, said, {"by": row["no_election_by"]})
    if prepared.pack is None or not prepared.pack.calendar:
        return Check(Subject.ELECTIONS, _PASS, "{pack} asks for no election calendar.", values)
    said = "{pack} asks around which polls nobody is called, and no election is named."
    return Check(Subject.ELECTIONS, _FAIL, said, values,
        "Prepare it anew, with its days; where there is none while it runs, somebody answers for "
        "that: portevoix campaign no-election {id} --by NAME.")  # fmt: skip


def basis(prepared: Prepared) -> Check:
    """Whether its lists rest on legal bases that the rules allow."""
    pack = prepared.pack
    values: dict[str, Any] = {"pack": prepared.campaign.pack}
    allowed = prepared.campaign.bases if pack is None else pack.bases
    others = [one.name for one in prepared.readiness.lists if one.basis not in allowed]
    if not others:
        said = "Its lists rest on legal bases that {pack} allows."
        return Check(Subject.BASIS, _PASS, said, values)
    verdict = _WARN if prepared.rehearsal else _FAIL
    said = "{lists}: on a legal basis that {pack} does not allow."
    return Check(Subject.BASIS, verdict, said, {**values, "lists": ", ".join(others)},
        "Choose other lists, or rules that are made for them.")  # fmt: skip
