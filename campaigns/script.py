"""A script: what a call says besides its message, and what each key does. Pure.

The message is one recording without a gap, in which 9 refuses from the first instant; that key
cannot mean anything else, in a question as little as anywhere. A script may give other keys a
meaning during the message and after it, and ask questions when it has been played.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from campaigns.errors import InvalidInput

OPT_OUT = "9"
"""Never called again: no script takes this key (CPCE L.34-5; GDPR art. 21(2)-(3))."""

KEYS = "012345678*#"
"""Keys that a script may give a meaning."""

MOST_QUESTIONS = 9
MOST_TRIES = 5
MOST_REPLAYS = 3
"""How often the message is begun anew in one call; the dialplan has it too."""

MOST_ASIDES = 3
"""How often in one call a question is put again, beyond its tries, to who asked for something else
meanwhile; the dialplan has it too."""

WAIT_S = 5
"""How long an answer is waited for after a question was put; the dialplan has it too."""

MOST_TRANSFERS = 1000
SHORTEST_RING_S, LONGEST_RING_S = 5, 120
LONGEST_TALK_S = 7200

_NUMBER = re.compile(r"\+?[0-9]{2,15}")


class KeyAct(StrEnum):
    """What a key does during the message and after it."""

    REPLAY = "replay"  # the message from its beginning
    SOURCE = "source"  # where the number came from
    CONSENT = "consent"  # agrees to the text that is spoken
    TRANSFER = "transfer"  # to a person or a queue


@dataclass(frozen=True, slots=True)
class Question:
    """One question, asked after the message.

    Attributes:
        name: what it is called in reports.
        answers: by key, what that key says.
    """

    name: str
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeyConsent:
    """What somebody agrees to with a key.

    Attributes:
        form_id: the consent form whose text is spoken, and whose list takes the number.
        wording_id: that text, in the version that was recorded.
        purposes: what it may be used for, and nothing else.
    """

    form_id: int
    wording_id: int
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Where a call is put through to.

    Attributes:
        number: as it is dialled: `+` and digits, or the digits of an extension or a queue.
        trunk: by which trunk; empty for that of the call.
        limit: how many at once.
        ring_s: whole seconds it may ring there.
        talk_s: whole seconds after which the PBX ends the conversation.
    """

    number: str
    trunk: str = ""
    limit: int = 5
    ring_s: int = 20
    talk_s: int = 900

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.number):
            raise InvalidInput(
                "script.transfer.number", f"«{self.number}» cannot be dialled.",
                "Write + and digits, or the digits of an extension.",
            )  # fmt: skip
        _check_between("limit", self.limit, 1, MOST_TRANSFERS)
        _check_between("ring_s", self.ring_s, SHORTEST_RING_S, LONGEST_RING_S)
        _check_between("talk_s", self.talk_s, 1, LONGEST_TALK_S)


def _check_between(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidInput(f"script.transfer.{name}", f"must be {least} to {most}.")


@dataclass(frozen=True, slots=True)
class Script:
    """What a call does besides playing its message.

    Attributes:
        sounds: directory, within the audio library, of what is spoken besides the message; empty
            where nothing is.
        keys: by key, what it does during the message and after it.
        questions: asked after the message, in order.
        tries: how often a question is asked before the call goes on without an answer.
        consent: what the key of `KeyAct.CONSENT` agrees to.
        transfer: where that of `KeyAct.TRANSFER` leads.
        spoken_s: whole seconds that everything besides the message and the transfer can last.
    """

    sounds: str = ""
    keys: Mapping[str, KeyAct] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    tries: int = 2
    consent: KeyConsent | None = None
    transfer: Transfer | None = None
    spoken_s: int = 0

    def __post_init__(self) -> None:
        check_keys(self.keys)
        if len(self.questions) > MOST_QUESTIONS:
            raise InvalidInput("script.questions", f"at most {MOST_QUESTIONS} can be asked.")
        if not 1 <= self.tries <= MOST_TRIES:
            raise InvalidInput("script.tries", f"must be 1 to {MOST_TRIES}.")
        for number, one in enumerate(self.questions):
            _check_answers(f"script.questions.{number}", one.answers)

    @property
    def is_interactive(self) -> bool:
        """Whether any key but 9 does anything, so that the PBX needs the script."""
        return bool(self.keys or self.questions)

    def longest_s(self, message_ms: int) -> int:
        """Whole seconds it can add to a call, at most, whose message is so long."""
        replays = MOST_REPLAYS if KeyAct.REPLAY in self.keys.values() else 0
        talk = self.transfer.ring_s + self.transfer.talk_s if self.transfer else 0
        return replays * (message_ms // 1000 + 1) + self.spoken_s + talk


def check_keys(keys: Iterable[str]) -> None:
    """Refuse keys that a script cannot give a meaning.

    Raises:
        InvalidInput: the key of the refusal, or no key.
    """
    for key in keys:
        _check_key("script", key)


def by_key(acts: Iterable[tuple[KeyAct, str]]) -> dict[str, KeyAct]:
    """What each key does, from what each act is chosen by.

    Raises:
        InvalidInput: a key that cannot be used, or is used twice.
    """
    found: dict[str, KeyAct] = {}
    for act, key in acts:
        _check_key(f"script.{act}", key)
        if key in found:
            raise InvalidInput(
                f"script.{act}", f"key {key} is that of {found[key]} already.", "Choose another."
            )
        found[key] = act
    return found


def _check_answers(field_name: str, answers: Mapping[str, str]) -> None:
    if len(answers) < 2:
        raise InvalidInput(f"{field_name}.answers", "there is nothing to choose from.", "Name two.")
    for key in answers:
        _check_key(f"{field_name}.answers", key)
    if len(set(answers.values())) < len(answers):
        raise InvalidInput(f"{field_name}.answers", "two keys say the same.", "Name each once.")


def _check_key(field_name: str, key: str) -> None:
    if key == OPT_OUT:
        raise InvalidInput(
            field_name, "key 9 is for those who want no more calls, everywhere.", "Choose another."
        )
    if len(key) != 1 or key not in KEYS:
        raise InvalidInput(
            field_name, f"«{key}» is no key of a telephone.", "Write one of 0 to 8, * and #."
        )


def budget_beside_transfer() -> InvalidInput:
    """The refusal of a budget where a call may be put through, whenever it is set."""
    return InvalidInput(
        "budget",
        "what the second leg of a transferred call costs is not reckoned with.",
        "Leave out the budget, or the transfer.",
    )


def script_to_plain(script: Script) -> dict[str, Any]:
    """As it is kept: JSON of plain values."""
    consent, transfer = script.consent, script.transfer
    return {
        "sounds": script.sounds,
        "keys": {key: act.value for key, act in script.keys.items()},
        "questions": [{"name": one.name, "answers": dict(one.answers)} for one in script.questions],
        "tries": script.tries,
        "consent": consent
        and {
            "form": consent.form_id,
            "wording": consent.wording_id,
            "purposes": list(consent.purposes),
        },
        "transfer": transfer
        and {
            "number": transfer.number,
            "trunk": transfer.trunk,
            "limit": transfer.limit,
            "ring_s": transfer.ring_s,
            "talk_s": transfer.talk_s,
        },
        "spoken_s": script.spoken_s,
    }


def script_of(plain: Mapping[str, Any]) -> Script:
    """A script as it is kept.

    Raises:
        InvalidInput, LookupError, ValueError, TypeError: it says what no script can.
    """
    consent, transfer = plain["consent"], plain["transfer"]
    return Script(
        sounds=plain["sounds"],
        keys={key: KeyAct(act) for key, act in plain["keys"].items()},
        questions=tuple(Question(one["name"], one["answers"]) for one in plain["questions"]),
        tries=plain["tries"],
        consent=consent
        and KeyConsent(consent["form"], consent["wording"], tuple(consent["purposes"])),
        transfer=transfer and Transfer(**transfer),
        spoken_s=plain["spoken_s"],
    )
