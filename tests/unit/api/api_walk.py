"""A walk through every operation of the API, as a program would use it; its answers are kept.

`make api-schema` writes them into the schema as examples, and the schema beside this file, which
the compatibility test holds against what the API is now.
"""

import json
import re
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api_samples import CONTACTS, EXAMPLES, PROVENANCE, Rig, make_rig
from fastapi.testclient import TestClient
from sqlalchemy import update

from campaigns.stages import Hold, Measure
from store import campaigns as kept_campaigns
from store import tables
from store.engine import writing

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES_FILE = ROOT / "api" / "examples.json"
SCHEMA_FILE = Path(__file__).with_name("openapi-v1.json")

API = "/api/v1"
_MOST_ITEMS = 2
_SECRET = re.compile(r"^(pvw?_|.*/password/)[\w-]{20,}$")


class Walk:
    """Asks, expects that all goes well, and keeps what was asked and answered.

    Attributes:
        seen: by `METHOD path`: the JSON or form that was sent, and the JSON that came.
    """

    def __init__(self, client: TestClient, seen: dict[str, dict[str, Any]] | None = None) -> None:
        self._client = client
        self.seen = {} if seen is None else seen

    def __call__(self, method: str, path: str, /, **asked: Any) -> Any:
        """Ask once.

        Args:
            method: of HTTP.
            path: as the schema writes it.
            asked: values for the path's `{names}`; `json`, `params`, `files`, `data`, `status`.
        """
        status = asked.pop("status", 200)
        sent = {name: asked.pop(name) for name in ("json", "params", "files", "data")
            if name in asked}  # fmt: skip
        answer = self._client.request(method, API + path.format(**asked), **sent)
        assert answer.status_code == status, (method, path, answer.text)
        found: dict[str, Any] = {"status": status}
        if "json" in sent:
            found["request"] = sent["json"]
        elif "data" in sent or "files" in sent:
            files = {name: f"({file[0]})" for name, file in sent.get("files", {}).items()}
            found["request"] = {**files, **sent.get("data", {})}
        if answer.headers.get("content-type") == "application/json":
            found["response"] = answer.json()
        self.seen.setdefault(f"{method} {API}{path}", found)
        return found.get("response")


def walk(rig: Rig) -> dict[str, dict[str, Any]]:
    """Go through everything; what was asked and answered."""
    ask = Walk(rig.ours)
    list_id = _lists(ask)
    recording_id = _recordings(ask)
    _people(ask)
    _consent(ask)
    campaign_id = _campaign(ask, list_id, recording_id)
    _held(ask, rig, campaign_id)
    _calls(ask, campaign_id)
    _rights(ask)
    _operation(ask, recording_id)
    _webhooks(ask)
    _installation(Walk(rig.scoped("installation"), ask.seen))
    _own_calls(ask, rig, campaign_id)
    _endings(ask, campaign_id)
    return ask.seen


def _lists(ask: Walk) -> int:
    file = {"file": ("contacts.csv", CONTACTS.encode())}
    ask("POST", "/lists/preview", files=file)
    made = ask("POST", "/lists", files=file, data={"provenance": json.dumps(PROVENANCE)},
        status=201)  # fmt: skip
    list_id = int(made["list_id"])
    ask("GET", "/lists")
    for path in ("", "/import", "/report", "/rejects", "/rejects.csv", "/basis"):
        ask("GET", f"/lists/{{list_id}}{path}", list_id=list_id)
    asked = {"pack": "fr-political", "purpose": "political"}
    ask("GET", "/lists/{list_id}/readiness", list_id=list_id, params=asked)
    return list_id


def _people(ask: Walk) -> None:
    values = {**PROVENANCE, "name": "Sign-ups of the web site"}
    list_id = ask("POST", "/lists/empty", json=values, status=201)["id"]
    person = {
        "phone": "06 39 98 00 11", "external_id": "A-1042", "consent_date": "2026-09-14",
        "consent_source": "web form", "wording_id": "w1", "attributes": {"first_name": "Camille"},
    }  # fmt: skip
    contacts = "/lists/{list_id}/contacts"
    made = ask("POST", contacts, list_id=list_id, json=person, status=201)
    people = [{**person, "phone": "06 39 98 00 12", "external_id": "A-1043"}, {"phone": "112"}]
    ask("POST", f"{contacts}/batch", list_id=list_id, json={"people": people}, status=201)
    ask("GET", contacts, list_id=list_id, params={"external_id": "A-1042"})
    ask("GET", f"{contacts}/{{contact_id}}", list_id=list_id, contact_id=made["contact_id"])
    looks_made_up = [{"phone": f"0{612_000_000 + 3 * place}"} for place in range(60)]
    ask("POST", f"{contacts}/batch", list_id=list_id, json={"people": looks_made_up}, status=201)
    reason = {"reason": "Numbers of one company, in a row."}
    ask("POST", "/lists/{list_id}/release", list_id=list_id, json=reason)
    ask("DELETE", "/lists/{list_id}", list_id=list_id)


def _recordings(ask: Walk) -> int:
    with (EXAMPLES / "message-court.flac").open("rb") as file:
        made = ask("POST", "/recordings", files={"file": ("court.flac", file)}, status=201)
    ask("GET", "/recordings")
    ask("GET", "/recordings/{recording_id}", recording_id=made["id"])
    ask("GET", "/recordings/{recording_id}/preview.wav", recording_id=made["id"])
    return int(made["id"])


def _consent(ask: Walk) -> None:
    form = {
        "name": "Web site", "purposes": ["political"], "slug": "elan-valbourg",
        "wordings": {"fr": "J'accepte d'être appelé par Élan Valbourg."},
    }  # fmt: skip
    ask("POST", "/consent-forms", json=form, status=201)
    ask("GET", "/consent-forms")
    ask("GET", "/consent-forms/{slug}", slug="elan-valbourg")
    words = {"wordings": {"fr": "J'accepte d'être appelé le soir par Élan Valbourg."}}
    ask("POST", "/consent-forms/{slug}/wordings", slug="elan-valbourg", json=words, status=201)
    ask("POST", "/consent-forms/{slug}/close", slug="elan-valbourg")
    ask("GET", "/consent-proofs", params={"number": "06 39 98 00 01"})


def _campaign(ask: Walk, list_id: int, recording_id: int) -> int:
    asked = {
        "list_ids": [list_id], "segment": "orne",
        "segments": {"orne": {"place": "postcode", "starts_with": "61"}},
    }  # fmt: skip
    ask("POST", "/segments/preview", json=asked)
    values = {
        "name": "Réunion publique du 3 décembre", "purpose": "political", "pack": "fr-political",
        "trunk": "rehearsal", "caller_id": "+33199000001", "schedule": {"any_hour": True},
        "limits": {"max_channels": 30, "max_cps": 5},
        "recording_ids": [recording_id], "list_ids": [list_id],
    }  # fmt: skip
    campaign_id = int(ask("POST", "/campaigns", json=values, status=201)["id"])
    ask("GET", "/campaigns")
    one = "/campaigns/{campaign_id}"
    ask("GET", one, campaign_id=campaign_id)
    ask("GET", f"{one}/preflight", campaign_id=campaign_id)
    ask("POST", f"{one}/no-election", campaign_id=campaign_id, json={"by": "Zoé Martin"})
    ask("PATCH", f"{one}/limits", campaign_id=campaign_id, json={"max_cps": 3})
    ask("PATCH", f"{one}/budget", campaign_id=campaign_id, json={"euros": "250.00"})
    return campaign_id


def _held(ask: Walk, rig: Rig, campaign_id: int) -> None:
    """Rules past their date, and a hold in the middle."""
    one = "/campaigns/{campaign_id}"
    now = datetime.now(UTC)
    _change(rig, verify_by=(now - timedelta(days=1)).date(), rehearsal=False)
    ask("POST", f"{one}/acknowledge", campaign_id=campaign_id)
    _change(rig, rehearsal=True)
    ask("PUT", f"{one}/lists/{{list_id}}", campaign_id=campaign_id, list_id=1)
    ask("POST", f"{one}/launch", campaign_id=campaign_id)
    with writing(rig.workspace.engine) as connection:
        kept_campaigns.hold(connection, campaign_id, Hold(Measure.OPT_OUTS, 0.02, 0.01, 200), now)
    ask("POST", f"{one}/release", campaign_id=campaign_id)
    for action in ("pause", "resume", "drain"):
        ask("POST", f"{one}/{action}", campaign_id=campaign_id)


def _change(rig: Rig, **values: Any) -> None:
    with writing(rig.workspace.engine) as connection:
        connection.execute(update(tables.campaign).values(**values))


def _calls(ask: Walk, campaign_id: int) -> None:
    one = "/campaigns/{campaign_id}"
    for path in ("attempts", "targets", "progress", "report", "launch-record"):
        ask("GET", f"{one}/{path}", campaign_id=campaign_id)
    for table in ("attempts", "targets"):
        for form in ("csv", "xlsx"):
            ask("GET", f"{one}/{table}.{{form}}", campaign_id=campaign_id, form=form)
    ask("GET", "/why", params={"number": "06 39 98 00 01"})


def _rights(ask: Walk) -> None:
    ask("POST", "/suppressions", json={"number": "06 39 98 00 09", "note": "By letter."},
        status=201)  # fmt: skip
    file = {"file": ("refusals.csv", b"telephone\n06 39 98 00 08\n12\n")}
    ask("POST", "/suppressions/import", files=file, status=201)
    ask("GET", "/suppressions", params={"in_force": True})
    ask("GET", "/suppressions.{form}", form="csv")
    ask("POST", "/receipts", json={"number": "06 39 98 00 01"})
    ask("POST", "/receipts/pdf", json={"number": "06 39 98 00 01"})
    asked = {"kind": "objection", "number": "06 39 98 00 02", "note": "By letter of 20 November."}
    request_id = ask("POST", "/requests", json=asked, status=201)["id"]
    ask("GET", "/requests")
    ask("GET", "/requests/{request_id}", request_id=request_id)
    answer = {"answer": "Told by post that nobody calls any more."}
    ask("POST", "/requests/{request_id}/close", request_id=request_id, json=answer)


def _operation(ask: Walk, recording_id: int) -> None:
    for path in ("controllers", "keys", "trunks", "rule-packs", "audit", "account", "settings"):
        ask("GET", f"/{path}")
    made = ask("POST", "/keys", json={"name": "crm", "expires_at": "2099-06-30T22:00:00Z"},
        status=201)  # fmt: skip
    ask("GET", "/keys/{key_id}", key_id=made["id"])
    ask("DELETE", "/keys/{key_id}", key_id=made["id"])
    ask("GET", "/rule-packs/{pack_id}", pack_id="fr-political")
    line = {"number": "01 99 00 00 01", "recording_ids": [recording_id], "language": "fr"}
    ask("POST", "/callback-lines", json=line, status=201)
    ask("GET", "/callback-lines")
    ask("GET", "/callback-lines/calls")
    ask("DELETE", "/callback-lines/{number}", number="0199000001", status=204)
    ask("POST", "/stop", json={"reason": "The wrong message."})
    ask("GET", "/stop")
    ask("DELETE", "/stop")


def _webhooks(ask: Walk) -> None:
    values = {"url": "https://crm.example/porte-voix", "events": ["person.opted_out"]}
    webhook_id = ask("POST", "/webhooks", json=values, status=201)["id"]
    ask("GET", "/webhooks")
    ask("GET", "/webhooks/{webhook_id}", webhook_id=webhook_id)
    ask("GET", "/webhooks/{webhook_id}/deliveries", webhook_id=webhook_id)
    ask("POST", "/webhooks/{webhook_id}/replay", webhook_id=webhook_id, json={})
    ask("POST", "/webhooks/{webhook_id}/resume", webhook_id=webhook_id)
    ask("DELETE", "/webhooks/{webhook_id}", webhook_id=webhook_id, status=204)


def _installation(ask: Walk) -> None:
    for path in ("controllers", "users"):
        ask("GET", f"/installation/{path}")
    controller_id = ask("POST", "/installation/controllers", json={"name": "Comité"}, status=201)
    limits = {"max_channels": 50, "max_cps": 2.5}
    ask(
        "PATCH", "/installation/controllers/{controller_id}", json=limits,
        controller_id=controller_id["id"],
    )  # fmt: skip
    user_id = ask(
        "POST", "/installation/users", json={"email": "zoe@example.org"}, status=201
    )["id"]  # fmt: skip
    roles = "/installation/users/{user_id}/roles/{controller_id}"
    wanted = {"user_id": user_id, "controller_id": controller_id["id"]}
    ask("PUT", roles, json={"roles": ["operator", "officer"]}, **wanted)
    one = "/installation/users/{user_id}"
    ask("GET", one, user_id=user_id)
    ask("POST", f"{one}/link", user_id=user_id)
    for path in ("second-factor", "identity"):
        ask("DELETE", f"{one}/{path}", user_id=user_id)
    ask("PATCH", one, json={"disabled": True}, user_id=user_id)


def _own_calls(ask: Walk, rig: Rig, campaign_id: int) -> None:
    mine = {"number": "06 39 98 00 42"}
    ask("GET", "/campaigns/{campaign_id}/preview.wav", campaign_id=campaign_id)
    path = "/campaigns/{campaign_id}/call-me"
    ask("POST", f"{path}/code", campaign_id=campaign_id, json=mine, status=201)
    ask("POST", "/call-me/confirm", json={**mine, "code": rig.spoken_code()}, status=204)
    ask("POST", path, campaign_id=campaign_id, json=mine, status=201)


def _endings(ask: Walk, campaign_id: int) -> None:
    ask("POST", "/campaigns/{campaign_id}/stop", campaign_id=campaign_id)
    ask("POST", "/erasures", json={"number": "06 39 98 00 08"})


def kept(seen: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What is kept as examples: lists cut short, and no secret."""
    return {name: _short(one) for name, one in sorted(seen.items())}


def _short(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _short(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_short(one) for one in value[:_MOST_ITEMS]]
    if isinstance(value, str) and (found := _SECRET.match(value)):
        return f"{found[1]}shown-this-once"
    return value


def main() -> int:
    """Write the examples, then the schema with them."""
    with tempfile.TemporaryDirectory(prefix="portevoix-walk-") as directory:
        rig = make_rig(Path(directory) / "home")
        EXAMPLES_FILE.write_text(_json(kept(walk(rig))), encoding="utf-8")
        rig.workspace.engine.dispose()
        rig = make_rig(Path(directory) / "home")
        SCHEMA_FILE.write_text(_json(rig.app.openapi()), encoding="utf-8")
        rig.workspace.engine.dispose()
    return 0


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main())
