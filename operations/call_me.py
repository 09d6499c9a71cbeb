"""«Call me»: one real call of a campaign, with its script, to the number of whoever prepares it.

Each is a campaign of its own with one person in it, so that it passes every gate, limit and check
that any call passes, is audited and reported, and is no target of the campaign that is heard. Whose
number it is is proved first by a code that is spoken there.
"""

import hashlib
import hmac
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from audio.spoken_code import LANGUAGES, speak
from campaigns.contacts.basis import Provenance
from campaigns.contacts.phone import parse
from campaigns.errors import InvalidInput, NotAllowed
from campaigns.retry import RetryPolicy
from campaigns.states import Action, CampaignState
from operations import launch
from operations.filling import fill
from operations.import_list import import_list
from operations.workspace import Workspace
from store import audit, frequency, own_calls, policies, spending
from store import campaigns as kept
from store.engine import reading, writing

MOST_A_DAY = 5
"""Calls to one number in 24 hours, those that speak a code included."""

CODE_DIGITS = 4
CODE_GOOD_FOR = timedelta(minutes=15)
MOST_TRIES = 3

_DAY = timedelta(days=1)
_WORDING = "Portevoix, «call me»: the person who prepares a campaign asks for one call of it."
_COPIED = (
    "purpose", "pack", "evidence", "trunk", "other_trunks", "caller_id", "rehearsal",
    "ring_timeout_s", "windows", "blackouts", "holidays", "verify_by", "acknowledged_by",
)  # fmt: skip
"""What a call takes over from its campaign: the ways, the rules and the hours. Of its budget it has
what is left. The cap on how often a person is called binds calls that speak a code, as whoever
gives a number may be giving a stranger's; who has told one back asks for each call themselves."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """What is to be heard.

    Attributes:
        message: prepared, by its path in the library; `message_ms`: its length.
        script: what the call says besides it, and what keys do; None for no key but 9.
        machines: what is done where a machine answers; None for nothing.
    """

    message: str
    message_ms: int
    script: Mapping[str, Any] | None = None
    machines: Mapping[str, Any] | None = None


def send_code(
    workspace: Workspace,
    controller_id: int,
    campaign_id: int,
    number: str,
    by: str,
    language: str = "fr",
) -> int:
    """Have a code spoken to a number, over the trunk of a campaign; the id of that call's campaign.

    Raises:
        NotFound: the controller has no such campaign.
        InvalidNumber: it is no number of France.
        InvalidInput: nobody is named, or the language is not spoken.
        NotAllowed: the number was called too often, or nothing may be called now.
    """
    if language not in LANGUAGES:
        raise InvalidInput("language", f"«{language}» is not spoken.", "Give fr or en.")
    code = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
    phone = parse(number).e164
    own = {
        own_calls.PERSON: _named(by),
        own_calls.SALT: (salt := secrets.token_hex(16)),
        own_calls.DIGEST: _digest(salt, code),
        own_calls.TRIES: 0,
    }
    heard = _spoken(workspace, code, language)
    return _place(workspace, controller_id, campaign_id, phone, heard, own)


def confirm(workspace: Workspace, controller_id: int, number: str, code: str, by: str) -> None:
    """Tell back the code that was heard: the number is the person's own from now on.

    Raises:
        InvalidNumber: it is no number of France.
        InvalidInput: nobody is named.
        NotAllowed: it is another code, tried too often, or too late.
    """
    person, phone, now = _named(by), parse(number).e164, datetime.now(UTC)
    with writing(workspace.engine) as connection:
        asked = next(iter(own_calls.codes(connection, controller_id, person, phone)), None)
        if asked is None or now - asked["created_at"] > CODE_GOOD_FOR:
            raise NotAllowed("No code was spoken to that number of late. Ask for one.")
        own = {**asked["own_call"], own_calls.TRIES: asked["own_call"][own_calls.TRIES] + 1}
        right = own[own_calls.TRIES] <= MOST_TRIES and hmac.compare_digest(
            own[own_calls.DIGEST], _digest(own[own_calls.SALT], code.strip())
        )
        if right:
            own[own_calls.TOLD_AT] = now.isoformat()
        own_calls.amend(connection, asked["id"], own)
        detail = {"right": right, "try": own[own_calls.TRIES]}
        subject = f"campaign {asked['id']}"
        audit.record(connection, now, person, "call_me.confirm", subject, controller_id, detail)
    if not right:
        raise NotAllowed(
            "That is not the code that was spoken."
            if own[own_calls.TRIES] < MOST_TRIES
            else "That code was tried too often. Ask for another."
        )


def call_me(
    workspace: Workspace,
    controller_id: int,
    campaign_id: int,
    number: str,
    by: str,
    variant: str = "",
) -> int:
    """Have a campaign's message played to one's own number; the id of that call's campaign.

    Args:
        workspace: where.
        controller_id: whose campaign it is.
        campaign_id: in any state.
        number: whose owner has told back a code.
        by: the person whose number it is.
        variant: whose message is heard; the campaign's own where it is empty.

    Raises:
        NotFound: the controller has no such campaign.
        InvalidNumber: it is no number of France.
        InvalidInput: nobody is named, or there is no such message.
        NotAllowed: nobody has proved that the number is theirs, it was called too often, or nothing
            may be called now.
    """
    phone, person = parse(number).e164, _named(by)
    with reading(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        known = own_calls.codes(connection, controller_id, person, phone)
    if not any(own_calls.TOLD_AT in one["own_call"] for one in known):
        raise NotAllowed(
            f"{person} has not shown that this number is theirs. Have a code spoken there first."
        )
    heard = _message(row, variant)
    return _place(workspace, controller_id, campaign_id, phone, heard, {own_calls.PERSON: person})


def _named(by: str) -> str:
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person whose number it is.")
    return by.strip()


def _digest(salt: str, code: str) -> str:
    """Of the code alone: a digest of the number could be turned back into it."""
    return hashlib.sha256(f"{salt}:{code}".encode()).hexdigest()


def _spoken(workspace: Workspace, code: str, language: str) -> _Heard:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "code.wav"
        speak(code, language, path)
        message = workspace.library.prepare([path], "code")
    base = message.base.relative_to(workspace.library.root)
    return _Heard(str(base), round(message.seconds * 1000))


def _message(row: Mapping[str, Any], variant: str) -> _Heard:
    found = row["variants"].get(variant) if variant else row
    if not found or not found["message"]:
        known = ", ".join(row["variants"]) or "none"
        raise InvalidInput("variant", f"there is no message «{variant}».", f"Known: {known}.")
    return _Heard(found["message"], found["message_ms"], row["script"], row["machines"])


def _place(
    workspace: Workspace,
    controller_id: int,
    campaign_id: int,
    number: str,
    heard: _Heard,
    own: dict[str, Any],
) -> int:
    """Prepare the campaign of one person, and launch it as any other."""
    with reading(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        _check_often(connection, number, own[own_calls.PERSON])
        if own_calls.DIGEST in own:
            _check_cap(connection, campaign_id, number)
        room = spending.of_campaign(connection, campaign_id).room
    left = None if room is None else max(0, room)
    now = datetime.now(UTC)
    name = f"Call me: {row['name']} ({now:%Y-%m-%d %H:%M:%S.%f})"
    list_id = _list_of(workspace, row, number, own[own_calls.PERSON], now)
    with writing(workspace.engine) as connection:
        # Another call may have been asked for meanwhile; from here on none can be.
        own_calls.wait(connection)
        _check_often(connection, number, own[own_calls.PERSON])
        made = kept.add(connection, **_row(row, name, heard, own, now), budget=left)
        kept.add_lists(connection, made, [list_id])
        detail = {"of": campaign_id, "code": own_calls.DIGEST in own, "pack": row["pack"]}
        audit.record(
            connection, now, own[own_calls.PERSON], "call_me.prepare", f"campaign {made}",
            controller_id, detail,
        )  # fmt: skip
    fill(workspace, made, [list_id])
    launch.act(workspace, controller_id, made, Action.LAUNCH, own[own_calls.PERSON])
    return made


def _check_often(connection: Connection, number: str, person: str) -> None:
    since = datetime.now(UTC) - _DAY
    if own_calls.placed(connection, number, since) >= MOST_A_DAY:
        # Whoever asked for those calls may be another controller, of whom nothing is told.
        raise NotAllowed("That number is temporarily not callable on demand. Try tomorrow.")
    # Whoever asks for codes to be spoken to one number after the other calls strangers.
    if own_calls.asked(connection, person, since) >= MOST_A_DAY:
        raise NotAllowed(f"{person} asked for {MOST_A_DAY} calls in 24 hours. Try tomorrow.")


def _check_cap(connection: Connection, campaign_id: int, number: str) -> None:
    """Refuse a code that would wait for the cap until long after it is good for nothing."""
    campaign, now = kept.by_id(connection, campaign_id), datetime.now(UTC)
    capped = frequency.capped(connection, campaign, [number], campaign.rehearsal, now)
    if until := capped.get(number):
        raise NotAllowed(
            f"That number was called as often as {campaign.pack} allows. Try after "
            f"{until:%Y-%m-%d %H:%M} UTC."
        )


def _list_of(
    workspace: Workspace, row: Mapping[str, Any], number: str, person: str, now: datetime
) -> int:
    """A list of the one person, who agrees to be called now; the same for all calls of a day."""
    source = f"{person}, {row['purpose']}".replace(";", ",").replace('"', "'")
    sheet = (
        "telephone;date_consentement;source_consentement;formulation\n"
        f"{number};{now:%Y-%m-%d};{source};own\n"
    )
    report = import_list(
        workspace.engine,
        row["controller_id"],
        BytesIO(sheet.encode()),
        name=f"Call me: {person}",
        file_name="call-me.csv",
        provenance=Provenance(person, "call me", now.date(), (row["purpose"],), {"own": _WORDING}),
        by=person,
    )
    return report.list_id


def _row(
    row: Mapping[str, Any], name: str, heard: _Heard, own: dict[str, Any], now: datetime
) -> dict[str, Any]:
    return {
        **{column: row[column] for column in _COPIED},
        "frequency": row["frequency"] if own_calls.DIGEST in own else None,
        "controller_id": row["controller_id"],
        "name": name,
        "state": CampaignState.DRAFT.value,
        "recordings": [],
        "message": heard.message,
        "message_ms": heard.message_ms,
        "script": heard.script,
        "machines": heard.machines,
        "max_channels": 1,
        "max_cps": 1.0,
        "retry": policies.retry_to_plain(RetryPolicy(max_attempts=1, delays={})),
        "created_at": now,
        "created_by": own[own_calls.PERSON],
        "own_call": own,
    }
