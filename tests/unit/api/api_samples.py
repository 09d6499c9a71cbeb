"""What API tests are made of: a workspace with two controllers, and small files."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from homes import HOMES
from sqlalchemy import select, update

from api.app import create_app
from campaigns.states import Action
from operations.call_me import CODE_DIGITS, _digest
from operations.keys import make_key
from operations.workspace import Workspace, open_workspace
from store import campaigns as kept
from store import leases, tables, tallies
from store.engine import reading, writing
from store.own_calls import DIGEST, SALT

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

SETTINGS = """
[trunks.carrier]
host = "sip.carrier.example"
caller_ids = ["+33162000001"]
"""

PROVENANCE = {
    "supplier": "Élan Valbourg",
    "method": "web form",
    "collected_on": "2026-01-31",
    "purposes": ["political"],
    "wordings": {"w1": "J'accepte d'être appelé."},
}

CONTACTS = (
    "telephone;id;date_consentement;source_consentement;formulation\n"
    "06 39 98 00 01;A1;01/02/2026;site;w1\n"
    "06 39 98 00 02;A2;01/02/2026;site;w1\n"
    "06 39 98 00 03;A3;01/02/2026;site;w1\n"
    "12;A4;01/02/2026;site;w1\n"
    "06 39 98 00 01;A5;01/02/2026;site;w1\n"
)
"""Three people, a number that is none (line 5), and one that came before (line 6)."""


@dataclass
class Rig:
    """The application, and a client for each of two controllers and for nobody."""

    workspace: Workspace
    app: FastAPI
    key: str
    ours: TestClient
    theirs: TestClient
    nobody: TestClient

    def scoped(self, *scopes: str) -> TestClient:
        """A client whose key of our controller may do that alone."""
        key = make_key(self.workspace, "Élan Valbourg", "scoped", "test", scopes=scopes)
        return TestClient(self.app, headers={"Authorization": f"Bearer {key}"})

    def import_list(self, content: str = CONTACTS, **headers: str) -> Any:
        return self.ours.post(
            "/api/v1/lists",
            files={"file": ("contacts.csv", content.encode())},
            data={"provenance": json.dumps(PROVENANCE)},
            headers=headers,
        )

    def upload(self, **headers: str) -> Any:
        with (EXAMPLES / "message-court.flac").open("rb") as file:
            return self.ours.post(
                "/api/v1/recordings", files={"file": ("court.flac", file)}, headers=headers
            )

    def prepare(self, **changes: Any) -> Any:
        return self.ours.post("/api/v1/campaigns", json=campaign_values(**changes))

    def campaign(self) -> int:
        """A prepared campaign of three people."""
        assert self.import_list().status_code == 201
        assert self.upload().status_code == 201
        made = self.prepare()
        assert made.status_code == 201, made.text
        return int(made.json()["id"])

    def end(self, campaign_id: int) -> None:
        """Let a stopped campaign's last call be over."""
        with writing(self.workspace.engine) as connection:
            kept.act(connection, campaign_id, Action.END, datetime.now(UTC))

    def move(self, campaign_id: int, state: str, outcome: str | None = None) -> None:
        """Move one pending person, as the dialer would."""
        delta: tallies.Delta = Counter()
        tallies.moved(delta, campaign_id, "pending", state)
        if outcome:
            delta[campaign_id, tallies.OUTCOME, outcome] += 1
        with writing(self.workspace.engine) as connection:
            tallies.add(connection, delta)

    def spoken_code(self) -> str:
        """The code that was spoken last, as whoever heard it knows it: found by its digest."""
        asked = (
            select(tables.campaign.c.own_call)
            .where(tables.campaign.c.own_call.is_not(None))
            .order_by(tables.campaign.c.id.desc())
        )
        with reading(self.workspace.engine) as connection:
            own = connection.execute(asked.limit(1)).scalar_one()
        every = (f"{number:0{CODE_DIGITS}}" for number in range(10**CODE_DIGITS))
        return next(one for one in every if _digest(own[SALT], one) == own[DIGEST])

    def dialer_runs(self) -> None:
        """Let a dialer of another host hold the lease, ready."""
        now = datetime.now(UTC)
        with writing(self.workspace.engine) as connection:
            lease = leases.acquire(connection, now)
            status = {"ready": True, "connected": True, "channels": 2}
            leases.renew(connection, lease, now + timedelta(minutes=1), status)
            connection.execute(update(tables.lease).values(process="another-host:1"))


def campaign_values(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Réunion publique",
        "purpose": "political",
        "pack": "fr-political",
        "trunk": "rehearsal",
        "caller_id": "+33199000001",
        "recording_ids": [1],
        "list_ids": [1],
        "schedule": {"any_hour": True},
        **changes,
    }


def make_rig(home: Path, more: str = "") -> Rig:
    """A rig in a directory; `more` is added to its settings."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "portevoix.toml").write_text(HOMES.database() + SETTINGS + more)
    workspace = open_workspace(home)
    key = make_key(workspace, "Élan Valbourg", "office", "test")
    other = make_key(workspace, "Somebody else", "other", "test")
    app = create_app(workspace)

    def client(key: str | None) -> TestClient:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return TestClient(app, headers=headers, follow_redirects=False)

    return Rig(workspace, app, key, client(key), client(other), client(None))


def sign_in(client: TestClient, key: str) -> None:
    token = form_token(client.get("/login/key").text)
    assert client.post("/login/key", data={"form_token": token, "key": key}).status_code == 303


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', page)
    assert found
    return found.group(1)
