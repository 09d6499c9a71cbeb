"""A campaign among whose people many must not be called: the network is called by none of them."""

import json
import shutil
from contextlib import closing
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cli_process import run
from sqlalchemy import update
from stage import WORDING, Stage, Staging, numbers, until

from campaigns.contacts.basis import Provenance
from campaigns.contacts.phone import parse
from campaigns.contacts.suppression import SuppressionScope
from campaigns.errors import InvalidInput
from campaigns.rules.frequency import Cap
from campaigns.rules.gates import Gate
from campaigns.rules.windows import Window
from campaigns.states import Action
from operations.campaign_file import Others, VariantValues
from operations.constituencies import import_table
from operations.import_list import import_list
from operations.prepare import prepare_campaign
from operations.selection import Recorded
from operations.suppress import Owner, suppress
from store import policies, tables
from store.engine import writing
from store.sqlite import driver as sqlite3

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(240)]

LISTENS = 60
WILLING = numbers(LISTENS, 8)
UNPROVED, FAR_AWAY, CAPPED, COMMERCIAL, REFUSING, DOUBTFUL, AT_OTHER_HOURS, WITHDRAWN = numbers(
    LISTENS, 8, first=50
)
CARRIER = """
[trunks.carrier]
host = "localhost"  # Asterisk asks the DNS for it, which may not know it
options_interval_s = 0
caller_ids = ["+33612345678"]
"""
"""A carrier that would let it be shown."""

HEADER = (
    "telephone;date_consentement;source_consentement;formulation;fuseau;code_postal;commune;"
    "creneau;date_retrait\n"
)
TABLE = """circonscription;code_postal;commune;bureau_de_vote
1;99310;Valbourg-sur-Orne;
1;99320;Valbourg-sur-Orne;1
2;99320;Valbourg-sur-Orne;2
"""
HERE, IN_EITHER = "99310", "99320"


def test_nobody_is_called_through_a_closed_gate(staging: Staging) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    _call_once(stage, CAPPED)
    campaign = _prepare(stage)
    stage.act(campaign, Action.LAUNCH)
    until(lambda: len(_called(stage)) >= 3)
    owner = Owner(SuppressionScope.CONTROLLER, stage.controller)
    suppress(stage.workspace.engine, owner, REFUSING, source="a letter", by="test")
    until(lambda: set(WILLING) <= _called(stage))
    until(lambda: _gate(stage, REFUSING) == Gate.SUPPRESSED)
    assert _called(stage) == {*WILLING, CAPPED}
    assert sum(call.number == _e164(CAPPED) for call in stage.calls) == 1
    expected = {
        UNPROVED: Gate.EVIDENCE_TOO_WEAK,
        COMMERCIAL: Gate.NO_BASIS,
        WITHDRAWN: Gate.SUPPRESSED,
        CAPPED: Gate.FREQUENCY_CAP,
        FAR_AWAY: Gate.OUTSIDE_WINDOW,
        AT_OTHER_HOURS: Gate.OUTSIDE_CONSENTED_SLOT,
        DOUBTFUL: Gate.DOUBTFUL_ADDRESS,
    }
    assert {one: _gate(stage, one) for one in expected} == expected
    _check_audit(stage)


def test_a_caller_id_that_the_law_forbids_is_refused_before_anything_is_called(
    staging: Staging,
) -> None:
    """A mobile number as caller id (decision Arcep 2022-1583: 06 and 07 are for people)."""
    stage = staging(extra_settings=CARRIER)
    lists = [_import(stage, "political", [_row(one) for one in WILLING])]
    recording = stage.recording()
    values = stage.values(trunk="carrier").model_copy(update={"caller_id": "0612345678"})
    with pytest.raises(InvalidInput, match="caller_id"):
        prepare_campaign(stage.workspace, stage.controller, values, [recording], lists, "test")


def _prepare(stage: Stage) -> int:
    """Everybody in one campaign; those who must not be called stand between the others."""
    rows = [_row(one) for one in WILLING]
    rows[1:1] = [
        f"{UNPROVED};;;;Europe/Paris;{HERE};Valbourg-sur-Orne;;\n",
        _row(FAR_AWAY, zone="Indian/Reunion"),
        _row(CAPPED),
        _row(DOUBTFUL, postcode=IN_EITHER),
        _row(AT_OTHER_HOURS, slot=_not_now()),
        _row(WITHDRAWN, withdrawn="2026-01-31"),
    ]
    political = _import(stage, "political", [*rows, _row(REFUSING)])
    commercial = _import(stage, "commercial", [_row(COMMERCIAL)])
    import_table(stage.workspace.engine, BytesIO(TABLE.encode()), file_name="circo.csv", by="test")
    recording = stage.recording()
    variants = [
        Recorded(VariantValues(name=name, constituency=name), [recording]) for name in ("1", "2")
    ]
    values = stage.values(max_cps=2).model_copy(update={"others": Others.NOT_CALLED})
    campaign = prepare_campaign(
        stage.workspace, stage.controller, values, [], [political, commercial], "test",
        variants=variants,
    )  # fmt: skip
    with writing(stage.workspace.engine) as connection:
        connection.execute(
            update(tables.campaign)
            .where(tables.campaign.c.id == campaign)
            .values(
                windows=policies.windows_to_plain([_now_in_paris()]),
                frequency=policies.frequency_to_plain(Cap(1, 30)),
            )
        )
    return campaign


def _now_in_paris() -> Window:
    """An hour or two about this moment, which it is not in La Réunion, two or three hours on."""
    now = datetime.now(ZoneInfo("Europe/Paris"))
    begin, end = now - timedelta(minutes=50), now + timedelta(minutes=50)
    start = begin.time() if begin.date() == now.date() else time.min
    until_ = end.time() if end.date() == now.date() else time.max
    return Window(frozenset(range(1, 8)), start, until_)


def _not_now() -> str:
    """An hour of the day that is not the one it is."""
    return "20:00-21:00" if datetime.now(ZoneInfo("Europe/Paris")).hour < 12 else "08:00-09:00"


def _row(
    number: str,
    zone: str = "Europe/Paris",
    postcode: str = HERE,
    slot: str = "",
    withdrawn: str = "",
) -> str:
    place = f"{postcode};Valbourg-sur-Orne"
    return f"{number};2025-05-01;site;w1;{zone};{place};{slot};{withdrawn}\n"


def _import(stage: Stage, purpose: str, rows: list[str]) -> int:
    report = import_list(
        stage.workspace.engine,
        stage.controller,
        BytesIO("".join([HEADER, *rows]).encode()),
        name=purpose,
        file_name=f"{purpose}.csv",
        provenance=Provenance("s", "m", date(2025, 6, 1), (purpose,), WORDING),
        by="test",
    )
    assert report.rejected == 0, report
    return report.list_id


def _call_once(stage: Stage, number: str) -> None:
    campaign = stage.prepare([number], name="Before")
    stage.act(campaign, Action.LAUNCH)
    until(lambda: stage.ended(campaign))
    assert _called(stage) == {number}


def _e164(number: str) -> str:
    return parse(number).e164


def _called(stage: Stage) -> set[str]:
    """Who was called, by the network's own record, as the lists write them."""
    return {f"0{call.number.removeprefix('+33')}" for call in stage.calls}


def _gate(stage: Stage, number: str) -> str | None:
    """What `portevoix why` answers of the campaign that calls everybody."""
    done = run(stage.home, "why", number, "--json")
    assert done.returncode == 0, done.stderr
    (found,) = [one for one in json.loads(done.stdout) if one["campaign"] == "Stage"]
    gate: str | None = found["gate"]
    return gate


def _check_audit(stage: Stage) -> None:
    """It holds as it stands, and one changed byte of it is found."""
    assert run(stage.home, "audit", "verify").returncode == 0
    changed = stage.home / "changed"
    changed.mkdir()
    shutil.copy(stage.home / "portevoix.toml", changed)
    _copy(stage.home / "portevoix.db", changed / "portevoix.db")
    with closing(sqlite3.connect(changed / "portevoix.db")) as connection:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in connection.execute(triggers).fetchall():
            connection.execute(f"DROP TRIGGER {name}")  # whoever forges can do that, too
        actor = "UPDATE audit_event SET actor = 'tesu' WHERE act = 'suppression.add'"
        assert connection.execute(actor).rowcount == 1
        connection.commit()
    verified = run(changed, "audit", "verify")
    assert verified.returncode != 0
    assert "it was changed" in verified.stderr


def _copy(source: Path, copy: Path) -> None:
    """As it stands at one moment, the log of what was committed last included."""
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(copy)) as there:
        here.backup(there)
