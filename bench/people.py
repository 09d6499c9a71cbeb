"""Whom a benchmark calls: campaigns of any size, filled in seconds.

Contacts and targets are written by one statement each, as an import and a preparation would leave
them: numbers in no order, consent of their own, a few zones, a few suppressed. bench-day goes the
whole way of a file instead.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
from sqlalchemy import update

from bench.installation import PATIENCE_S, Installation
from campaigns.campaign import Limits
from campaigns.contacts.basis import Provenance
from campaigns.states import Action, TargetState
from operations import launch
from operations.campaign_file import (
    CampaignValues,
    LaunchValues,
    LimitValues,
    RetryValues,
    ScheduleValues,
)
from operations.prepare import prepare_campaign
from operations.progress import Progress, progress_of
from operations.record import keep_recording
from operations.script_values import ScriptValues
from operations.workspace import Workspace
from store import campaigns as kept
from store import lists, tables, tallies
from store.engine import reading, writing
from store.sqlite import driver as sqlite3

VOICE = Path(__file__).parents[1] / "examples" / "message-identite.flac"
MESSAGE_S = 2.0

_POPULATIONS = Path(__file__).with_name("populations")
LISTENS = str(_POPULATIONS / "listens.toml")
"""Everybody hears the message and hangs up."""

REFUSES = str(_POPULATIONS / "refusals.toml")
"""One in ten presses 9."""

DAY = "day"
"""Who the half million of a day are: 62 % answer."""

BY = "bench"
PROVENANCE = Provenance("s", "m", date(2025, 6, 1), ("political",), {"w": "J'accepte."})

_STEP = 61_803_397
"""Without a common factor with the 28,000,000 mobile numbers: goes through all, in no order."""

_CONTACTS = f"""
INSERT INTO contact (list_id, line, number, kind, zones, fictional, external_id, attributes,
    evidence, consented_on, consent_source, wording_id)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
SELECT :list, i + 2, '+336' || (10000000 + i * {_STEP} % 28000000), 'mobile',
    CASE i % 50 WHEN 7 THEN 'America/Guadeloupe' WHEN 13 THEN 'Indian/Reunion'
        ELSE 'Europe/Paris' END,
    0, 'A' || i, '{{"prenom": "Camille", "commune": "Valbourg-sur-Orne"}}', 'row', '2025-05-01',
    'site', 'w'
FROM n
"""  # noqa: S608 - a number of ours

_TARGETS = """
INSERT INTO target (campaign_id, contact_id, number, zones, state, retry, due_at, attempts, tries)
SELECT :campaign, id, number, zones, 'pending', 0, :now, 0, 0 FROM contact WHERE list_id = :list
"""

_SUPPRESSED = """
INSERT INTO suppression (number, scope, owner_id, channel, reason, source, created_at)
SELECT number, 'controller', :controller, 'voice', 'request', 'bench', :now FROM contact
WHERE list_id = :list AND line % 100 = 3
"""


class Home(Protocol):
    """Where a campaign is: an installation of one dialer, or of several."""

    @property
    def home(self) -> Path:
        """Its directory."""

    @property
    def workspace(self) -> Workspace:
        """What is in it."""

    @property
    def controller(self) -> int:
        """Whose campaigns are called."""


def mobile(index: int) -> str:
    """A French mobile number that may be assigned; the first 28,000,000 are all different."""
    return f"06{10_000_000 + index * _STEP % 28_000_000:08d}"


def sheet(count: int, first: int = 0) -> Iterator[str]:
    """The lines of a file of people who agreed."""
    yield "telephone;date_consentement;source_consentement;formulation\n"
    for index in range(first, first + count):
        yield f"{mobile(index)};2025-05-01;site;w\n"


def values(name: str, limits: Limits) -> CampaignValues:
    """A campaign that calls everybody once, at any hour."""
    return CampaignValues(
        name=name,
        purpose="political",
        pack="fr-political",
        trunk="rehearsal",
        caller_id="0199001234",
        ring_timeout_s=15,
        limits=LimitValues(max_channels=limits.max_channels, max_cps=limits.max_cps),
        schedule=ScheduleValues(any_hour=True),
        launch=LaunchValues(watch=False),
        retry=RetryValues(
            max_attempts=1, delays={}, network_tries=5, network_delay=timedelta(seconds=5)
        ),
    )


def message(site: Home, seconds: float = MESSAGE_S) -> int:
    """The recording that is played, cut or repeated to a length; its id."""
    samples, rate = soundfile.read(VOICE)
    path = site.home / "message.wav"
    soundfile.write(path, np.resize(samples, int(seconds * rate)), rate)
    kept = keep_recording(site.workspace, site.controller, path, name="m", file_name="m.wav", by=BY)
    return int(kept["id"])


def campaign(
    site: Installation,
    count: int,
    limits: Limits,
    *,
    seconds: float = MESSAGE_S,
    suppressed: bool = False,
    script: ScriptValues[int] | None = None,
) -> int:
    """A campaign of so many people, filled past the importer, not launched yet; its id."""
    now, name = datetime.now(UTC), f"{BY}, asking" if script else BY
    with writing(site.workspace.engine) as connection:
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        list_id = lists.create(
            connection, site.controller, name, "bench.csv", sha256, PROVENANCE, BY, now
        )
        lists.finish(connection, list_id)
    recording = message(site, seconds)
    made = prepare_campaign(
        site.workspace, site.controller, values(name, limits), [recording], [list_id], BY,
        script=script,
    )  # fmt: skip
    site.workspace.engine.dispose()
    _fill(site, list_id, made, count, now, suppressed=suppressed)
    with writing(site.workspace.engine) as connection:
        connection.execute(
            update(tables.contact_list)
            .where(tables.contact_list.c.id == list_id)
            .values(rows=count, accepted=count)
        )
        pending = (made, tallies.STATE, TargetState.PENDING.value)
        tallies.add(connection, Counter({pending: count}))
    return made


def _fill(
    site: Installation, list_id: int, made: int, count: int, now: datetime, *, suppressed: bool
) -> None:
    given = {
        "list": list_id,
        "campaign": made,
        "controller": site.controller,
        "count": count,
        "now": round(now.timestamp() * 1000),
    }
    with closing(sqlite3.connect(site.database, isolation_level=None)) as connection:
        # Nothing that is written here would be missed.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-2000000"):
            connection.execute(f"PRAGMA {pragma}")
        for statement in (_CONTACTS, _TARGETS, *([_SUPPRESSED] if suppressed else [])):
            connection.execute(statement, given)


_UNCALLED = (
    "DELETE FROM number_lock",
    "DELETE FROM attempt",
    (
        "UPDATE target SET state = 'pending', attempts = 0, tries = 0, outcome = NULL, gate = NULL "
        "WHERE state <> 'pending'"
    ),
    "DELETE FROM tally",
    "INSERT INTO tally SELECT id, 'state', 'pending', (SELECT count(*) FROM target) FROM campaign",
)


def forget(site: Installation) -> None:
    """Have nobody called yet, in a database of one campaign."""
    with writing(site.workspace.engine) as connection:
        for statement in _UNCALLED:
            connection.exec_driver_sql(statement)


def start(site: Home, made: int) -> None:
    """Launch a campaign."""
    launch.act(site.workspace, site.controller, made, Action.LAUNCH, BY)


def limit(site: Installation, made: int, limits: Limits) -> None:
    """Put other limits in force while it runs."""
    launch.limit(site.workspace, site.controller, made, limits, BY)


def progress(site: Home, made: int) -> Progress:
    """Where it stands."""
    return progress_of(site.workspace, site.controller, made)


def message_path(site: Installation, made: int) -> str:
    """The prepared message of a campaign, within the audio library, without extension."""
    with reading(site.workspace.engine) as connection:
        return str(kept.row(connection, site.controller, made)["message"])


def act(site: Home, campaign: int, action: Action) -> None:
    """Pause, resume, drain."""
    launch.act(site.workspace, site.controller, campaign, action, BY)


def wait_for_silence(site: Installation, campaign: int) -> None:
    """Wait until the dialer has closed every call.

    Raises:
        TimeoutError: it does not.
    """
    give_up = time.monotonic() + PATIENCE_S * 2
    time.sleep(1.5)
    while progress(site, campaign).states.get("calling", 0):
        site.check()
        if time.monotonic() > give_up:
            raise TimeoutError("Calls stay open although the campaign is paused.")
        time.sleep(0.3)
