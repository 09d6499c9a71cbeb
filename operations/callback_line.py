"""The callback line: the PBX itself answers a number that is shown, whether or not a dialer runs.

Whoever calls back hears who called and why, and is called no more after pressing 9: an objection is
taken into account at the first request (GDPR art. 21(2)-(3)). What it speaks lies where the PBX
finds it by the digits that were called.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from audio.message import PreparedMessage
from audio.prompts import prepare_prompts
from campaigns.callback import CallerAct, forms
from campaigns.contacts.phone import masked, parse
from campaigns.contacts.suppression_key import known_number
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from operations.consent_form import ConsentForm, locked
from operations.settings import Settings
from operations.workspace import Workspace
from store import audit, callbacks
from store.engine import reading, writing

LANGUAGES = ("fr", "en")
USUAL = "fr"
"""What is said besides is in this language where nobody chose another."""

PROMPTS = (
    "optout-confirmed", "callback-number", "callback-access", "callback-consent", "callback-code",
    "callback-code-wrong", "callback-code-noted",
)  # fmt: skip
"""What the line says besides its message, in its language."""

_CONSENT = "consent-open"
"""A file of this name: the message offers to agree by pressing 5."""

_DIRECTORY_MODE = 0o755


@dataclass(frozen=True, slots=True)
class NewLine:
    """What a line is to be.

    Attributes:
        number: as a person writes it.
        recordings: files whose joined sound is spoken; they say who calls and why, that 9 stops the
            calls and 1 asks what is held, and the text of the form where there is one.
        language: of what is said besides.
        form: address of the consent form whose text is spoken; empty for none.
    """

    number: str
    recordings: Sequence[Path]
    language: str = USUAL
    form: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a line says.

    Attributes:
        message: prepared.
        language: of what it says besides.
        form: whose text is in the message, which offers to agree; None for none.
        campaign_id: whose message it is; None where it was recorded for the line.
    """

    message: PreparedMessage
    language: str
    form: ConsentForm | None = None
    campaign_id: int | None = None


def is_within_reach(settings: Settings) -> bool:
    """Whether lines can be put where the PBX finds them."""
    return settings.pbx.mode == "local" or settings.pbx.directory is not None


def directory_of(settings: Settings) -> Path:
    """Where the lines of the PBX are, as seen from here.

    Raises:
        NotAllowed: the PBX is on another host, and no shared directory is named.
    """
    if settings.pbx.mode == "local":
        return settings.home / "pbx" / "lines"
    if settings.pbx.directory is None:
        raise NotAllowed("The settings name no directory that is shared with the PBX.")
    return settings.pbx.directory / "lines"


def install(workspace: Workspace, controller_id: int, asked: NewLine, by: str) -> dict[str, Any]:
    """Have a number answered from the next call on; again changes what it says.

    Args:
        workspace: where.
        controller_id: whose number it is.
        asked: what it is to be.
        by: who installs it.

    Raises:
        InvalidNumber: it is no number of France.
        InvalidInput: a recording cannot be used, or the language is not known.
        NotAllowed: the number is another controller's, or was: what its callers asked for is.
        NotFound: there is no such form.
    """
    number = parse(asked.number).e164
    if asked.language not in LANGUAGES:
        raise InvalidInput("language", f"«{asked.language}» is not spoken.", "Give fr or en.")
    message = _message(workspace, asked.recordings)
    with writing(workspace.engine) as connection:
        _check_owner(connection, number, controller_id)
        form = _form(connection, controller_id, asked.form)
        spoken = Spoken(message, asked.language, form)
        put(connection, workspace, controller_id, number, spoken, by)
    return listed(workspace, controller_id, number)[0]


def put(
    connection: Connection,
    workspace: Workspace,
    controller_id: int,
    number: str,
    spoken: Spoken,
    by: str,
) -> None:
    """Have a controller's number (E.164) say something from the next call on.

    Raises:
        NotAllowed: the PBX is on another host, and no shared directory is named.
    """
    now, form, message = datetime.now(UTC), spoken.form, spoken.message.message_id
    callbacks.install(
        connection,
        number,
        controller_id=controller_id,
        form_id=form.id if form else None,
        language=spoken.language,
        message=message,
        campaign_id=spoken.campaign_id,
        installed_at=now,
        installed_by=by,
    )
    said: dict[str, object] = {"form": form.slug if form else ""}
    if spoken.campaign_id is not None:
        said = {"campaign": spoken.campaign_id}
    detail = {"message": message, "language": spoken.language, **said}
    subject = f"line {number}"
    audit.record(connection, now, by, "callback_line.install", subject, controller_id, detail)
    # Before the commit: a line that is known is one that answers.
    _place(workspace, number, spoken)


def remove(workspace: Workspace, controller_id: int, text: str, by: str) -> None:
    """Have a number answered no more.

    Raises:
        NotFound: the controller has no such line.
    """
    number = parse(text).e164
    with writing(workspace.engine) as connection:
        line = callbacks.line(connection, number)
        if line is None or line["removed_at"] or line["controller_id"] != controller_id:
            raise NotFound(f"There is no line {number}.")
        now, subject = datetime.now(UTC), f"line {number}"
        callbacks.remove(connection, number, now)
        audit.record(connection, now, by, "callback_line.remove", subject, controller_id)
    for form in forms(number):
        shutil.rmtree(directory_of(workspace.settings) / form, ignore_errors=True)


def listed(
    workspace: Workspace, controller_id: int, number: str | None = None
) -> list[dict[str, Any]]:
    """A controller's lines, each with when it was last heard by somebody (`heard_at`)."""
    with reading(workspace.engine) as connection:
        rows = [
            row
            for row in callbacks.lines(connection)
            if row["controller_id"] == controller_id
            and row["removed_at"] is None
            and number in {None, row["number"]}
        ]
        heard = callbacks.last_answered(connection, [row["number"] for row in rows])
    return [{**row, "heard_at": heard.get(row["number"])} for row in rows]


def acts(
    workspace: Workspace,
    controller_id: int,
    count: int,
    before: int | None = None,
    act: CallerAct | None = None,
) -> list[dict[str, Any]]:
    """What was done on a controller's lines, newest first, with numbers masked.

    The number is empty where nobody can tell whose it was, or where its time is over.
    """
    with reading(workspace.engine) as connection:
        rows = callbacks.acts(connection, controller_id, count, before, act)
    return [
        {**row, "number": masked(number) if (number := known_number(row["number"])) else ""}
        for row in rows
    ]


def tend(workspace: Workspace) -> None:
    """Have lines say what they should by now, though the PBX asks nobody.

    Nobody is told that their agreement is noted on a line whose form was closed: the PBX looks for
    a file beside what the line speaks. One that was installed by an older version gets the prompts
    that have come since.

    Raises:
        StoreUnavailable: which lines they are cannot be read.
        NotAllowed: the PBX is on another host, and no shared directory is named.
    """
    with reading(workspace.engine) as connection:
        closed = callbacks.closed_to_consent(connection)
        lines = [one for one in callbacks.lines(connection) if one["removed_at"] is None]
    for number in closed:
        for form in forms(number):
            _mark(directory_of(workspace.settings) / form / _CONSENT, there=False)
    for line in lines:
        for form in forms(line["number"]):
            _complete(workspace, directory_of(workspace.settings) / form, line["language"])


def _complete(workspace: Workspace, directory: Path, language: str) -> None:
    spoken = [one.suffix for one in directory.glob("message.*")]
    if all((directory / f"{name}{one}").exists() for one in spoken for name in PROMPTS):
        return
    prompts = _prompts(workspace, language)
    for suffix in spoken:
        for name in PROMPTS:
            _copy(prompts[name].with_suffix(suffix), directory / f"{name}{suffix}")


def _prompts(workspace: Workspace, language: str) -> dict[str, Path]:
    """Where each prompt of a language lies, without extension."""
    found = prepare_prompts(workspace.library)
    return {one.name: one.base for one in found if one.language == language}


def _message(workspace: Workspace, recordings: Sequence[Path]) -> PreparedMessage:
    kept = [workspace.library.add(one, one.name).path for one in recordings]
    return workspace.library.prepare(kept, "callback line")


def _check_owner(connection: Connection, number: str, controller_id: int) -> None:
    line = callbacks.line(connection, number)
    if line is not None and line["controller_id"] != controller_id:
        raise NotAllowed("This number is, or was, answered for another controller.")


def _form(connection: Connection, controller_id: int, slug: str) -> ConsentForm | None:
    if not slug:
        return None
    form = locked(connection, slug)
    if form.controller_id != controller_id:
        raise NotFound(f"There is no consent form «{slug}».")
    if form.slots or form.closed_at is not None:
        raise InvalidInput(
            "form",
            "it asks for hours, which nobody can choose by a key, or is closed.",
            "Open a form without hours for the line.",
        )
    return form


def _place(workspace: Workspace, number: str, spoken: Spoken) -> None:
    """Put what is spoken where the PBX looks for it, under each way of naming the number."""
    prompts = _prompts(workspace, spoken.language)
    for form in forms(number):
        directory = directory_of(workspace.settings) / form
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(_DIRECTORY_MODE)
        for codec, file in spoken.message.files.items():
            _copy(file, directory / f"message.{codec}")
            for name in PROMPTS:
                _copy(prompts[name].with_suffix(f".{codec}"), directory / f"{name}.{codec}")
        _mark(directory / _CONSENT, there=spoken.form is not None)


def _mark(file: Path, *, there: bool) -> None:
    if there:
        file.touch(mode=0o644)
    else:
        file.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy aside and rename, so that a caller never hears half of it."""
    aside = target.with_name(f".{target.name}")
    shutil.copyfile(source, aside)
    aside.chmod(0o644)
    aside.replace(target)
