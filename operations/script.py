"""Preparing a script: what it says gathered for the PBX, its order held against the rule pack."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from audio.message import PreparedMessage
from audio.prompts import SHIPPED
from campaigns.contacts.fault import InvalidNumber
from campaigns.contacts.phone import parse
from campaigns.errors import InvalidInput
from campaigns.rules.pack import Pack
from campaigns.script import (
    MOST_ASIDES,
    WAIT_S,
    KeyAct,
    KeyConsent,
    Question,
    Script,
    Transfer,
    budget_beside_transfer,
    by_key,
)
from campaigns.script_order import Part, Spoken, check_order
from campaigns.trunk import is_rehearsal
from operations import consent_form
from operations.campaign_file import CampaignValues
from operations.script_values import Prompt, ScriptValues, TransferValues
from operations.trunk_choice import find_trunk
from operations.workspace import Workspace
from store import recordings
from store.engine import reading

_LONGEST_EXTENSION = 6
"""Digits of an extension or a queue; more are a number of the public network."""

_SHORT_NUMBER = re.compile(r"1[578]|11[2-9]|19[167]|10\d\d|3\d{3}|116\d{3}|118\d{3}")
"""Emergency, social and value-added services (ARCEP, plan de numérotation, décision 2018-0881)."""

_OF_QUESTIONS = (Prompt.UNKNOWN, Prompt.NOTED, Prompt.THANKS)
_OF_TRANSFERS = (Prompt.CONNECTING, Prompt.FULL, Prompt.UNAVAILABLE)
_SHIPPED_AS = {Prompt.THANKS: "goodbye"}

_AGAIN = 3
"""How often in a call, at most, what is said at the press of a key is reckoned with."""


def prepare_script(
    workspace: Workspace,
    controller_id: int,
    values: ScriptValues[int],
    campaign: CampaignValues,
    *,
    rehearsal: bool,
) -> Script:
    """A script ready to be used, with everything it says where the PBX finds it.

    Args:
        workspace: where.
        controller_id: whose recordings and consent form.
        values: as it is written.
        campaign: what it is the script of.
        rehearsal: nobody may be reached by it.

    Raises:
        InvalidInput: names the value that is wrong and why.
        NotFound: a recording or a consent form that the controller does not have.
    """
    sounds = _sounds(workspace, controller_id, values)
    directory = workspace.library.gather(sounds) if sounds else None
    return Script(
        sounds=str(directory.relative_to(workspace.library.root)) if directory else "",
        keys=by_key(_keys(values)),
        questions=tuple(Question(one.name, one.answers) for one in _named(values)),
        tries=values.tries,
        consent=_consent(workspace, controller_id, values),
        transfer=_transfer(workspace, values.transfer, campaign, rehearsal=rehearsal)
        if values.transfer
        else None,
        spoken_s=_spoken_s(values, sounds),
    )


def check_kept_says(workspace: Workspace, row: Mapping[str, Any], pack: Pack) -> None:
    """Hold every message of a campaign against what the pack wants said, and when.

    Args:
        workspace: where.
        row: the campaign, with what its recordings say; one that bears that says nothing of a
            message that somebody hears is wrong.
        pack: its rules.

    Raises:
        InvalidInput: something is missing or out of its place, or not every recording is named.
        NotFound: a message is not there.
        KeyError: nobody has said what a message says.
    """
    elsewhere = _elsewhere(row)
    for path in heard_messages(row):
        says = [[Part(part) for part in one] for one in row["says"][path]]
        check_says(workspace.library.message(Path(path).parent.name), says, pack, elsewhere)


def heard_messages(row: Mapping[str, Any]) -> list[str]:
    """Every message that anybody hears of a campaign, by its path in the library."""
    own = [row["message"]] if row["message"] else []
    return [*own, *(one["message"] for one in row["variants"].values())]


def _elsewhere(row: Mapping[str, Any]) -> frozenset[Part]:
    """What no recording of the message need say.

    A rehearsal, which reaches nobody, may lack the label: it was rehearsed before one was asked.
    """
    keys = (row.get("script") or {}).get("keys", {})
    source = {Part.DATA_SOURCE} if KeyAct.SOURCE in keys.values() else set()
    return frozenset(source | ({Part.LABEL} if row["rehearsal"] else set()))


def check_says(
    message: PreparedMessage,
    says: Sequence[Sequence[Part]],
    pack: Pack,
    elsewhere: frozenset[Part] = frozenset(),
) -> None:
    """Hold the timeline of a message against what the pack wants said, and when.

    Args:
        message: as it is played.
        says: what each of its recordings says.
        pack: the rules.
        elsewhere: what none of them need say.

    Raises:
        InvalidInput: something is missing or out of its place, or not every recording is named.
    """
    if len(says) != len(message.parts):
        raise InvalidInput(
            "script.says",
            f"it tells of {len(says)} recordings, and the message has {len(message.parts)}.",
            "Say of each recording, in order, what it says.",
        )
    spoken = [
        Spoken(tuple(parts), place.start_ms, place.end_ms)
        for parts, place in zip(says, message.parts, strict=True)
    ]
    check_order(spoken, pack.script, pack.id, elsewhere)


def _keys(values: ScriptValues[int]) -> Iterator[tuple[KeyAct, str]]:
    if values.replay is not None:
        yield KeyAct.REPLAY, values.replay
    if values.source is not None:
        yield KeyAct.SOURCE, values.source.key
    if values.consent is not None:
        yield KeyAct.CONSENT, values.consent.key
    if values.transfer is not None:
        yield KeyAct.TRANSFER, values.transfer.key


def _named(values: ScriptValues[int]) -> Sequence[Question]:
    names = [one.name for one in values.questions]
    if len(set(names)) < len(names):
        raise InvalidInput("script.questions", "two of them bear one name.", "Name each otherwise.")
    return [Question(one.name, one.answers) for one in values.questions]


def _sounds(
    workspace: Workspace, controller_id: int, values: ScriptValues[int]
) -> dict[str, PreparedMessage]:
    """By name, everything that is spoken besides the message."""
    own = dict(_recorded(values))
    with reading(workspace.engine) as connection:
        found = {
            name: workspace.library.root / recordings.one(connection, controller_id, one)["path"]
            for name, one in own.items()
        }
    shipped = {
        one.value: _shipped(values.language, one)
        for one in _prompts(values)
        if one.value not in found
    }
    return {
        name: workspace.library.prepare([path], name) for name, path in (shipped | found).items()
    }


def _recorded(values: ScriptValues[int]) -> Iterator[tuple[str, int]]:
    if values.source is not None:
        yield KeyAct.SOURCE.value, values.source.recording
    for number, one in enumerate(values.questions, start=1):
        yield f"question-{number}", one.recording
    yield from ((name.value, one) for name, one in values.prompts.items())


def _prompts(values: ScriptValues[int]) -> Iterator[Prompt]:
    """The prompts that can come to be said."""
    yield from _OF_QUESTIONS if values.questions else ()
    yield from (Prompt.CONSENTED,) if values.consent else ()
    yield from _OF_TRANSFERS if values.transfer else ()


def _shipped(language: str, prompt: Prompt) -> Path:
    name = _SHIPPED_AS.get(prompt, f"script-{prompt}")
    return SHIPPED / language / f"{name}.flac"


def _consent(
    workspace: Workspace, controller_id: int, values: ScriptValues[int]
) -> KeyConsent | None:
    """The text that is agreed to, as it stands now: what is recorded does not change with it."""
    if values.consent is None:
        return None
    form = consent_form.at(workspace.engine, values.consent.form)
    if form.controller_id != controller_id:
        raise InvalidInput("script.consent.form", f"there is no form «{values.consent.form}».")
    if form.slots or form.closed_at is not None:
        raise InvalidInput(
            "script.consent.form",
            "it asks for hours, which nobody can choose by a key, or is closed.",
            "Open a form without hours for the calls.",
        )
    return KeyConsent(form.id, form.wording(values.language).id, form.purposes)


def _transfer(
    workspace: Workspace, values: TransferValues, campaign: CampaignValues, *, rehearsal: bool
) -> Transfer:
    trunk = find_trunk(workspace, values.trunk or campaign.trunk)
    if rehearsal and not is_rehearsal([f"sip:{trunk.host}:{trunk.port}"]):
        raise InvalidInput(
            "script.transfer.trunk",
            f"a rehearsal reaches nobody, and «{trunk.name}» does.",
            "Leave it out, or name one on loopback.",
        )
    if values.limit >= trunk.max_channels:
        raise InvalidInput(
            "script.transfer.limit",
            f"«{trunk.name}» has {trunk.max_channels} channels, and room for {values.limit} "
            "transfers is kept on it: nobody could be called.",
            "Write fewer, or transfer over another trunk.",
        )
    if campaign.budget is not None:
        raise budget_beside_transfer()
    number = _dialled(values.number, rehearsal=rehearsal)
    return Transfer(number, values.trunk, values.limit, values.ring_s, values.talk_s)


def _dialled(text: str, *, rehearsal: bool) -> str:
    """Digits of an extension as they are; any other number in E.164."""
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_EXTENSION:
        if _SHORT_NUMBER.fullmatch(text):
            raise InvalidInput(
                "script.transfer.number",
                f"«{text}» is a short number of the public network: an emergency or paid service.",
                "Give the extension or the number of those who take the calls.",
            )
        return text
    try:
        number = parse(text)
    except InvalidNumber as error:
        raise InvalidInput("script.transfer.number", error.why, error.remedy) from error
    if number.fictional and not rehearsal:
        raise InvalidInput("script.transfer.number", f"«{text}» is kept for fiction.")
    return number.e164


def _spoken_s(values: ScriptValues[int], sounds: Mapping[str, PreparedMessage]) -> int:
    """Whole seconds that all of it can last, transfers and replays apart."""
    seconds = {name: one.seconds for name, one in sounds.items()}
    put = [
        seconds[f"question-{number}"] + WAIT_S + seconds[Prompt.UNKNOWN]
        for number in range(1, len(values.questions) + 1)
    ]
    noted = len(values.questions) * seconds.get(Prompt.NOTED, 0.0)
    asides = (
        seconds.get(name, 0.0)
        for name in (KeyAct.SOURCE.value, Prompt.CONSENTED, *_OF_TRANSFERS, Prompt.THANKS)
    )
    asked = values.tries * sum(put) + MOST_ASIDES * max(put, default=0.0)
    return math.ceil(asked + noted + _AGAIN * sum(asides))
