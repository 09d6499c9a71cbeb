"""What a guided campaign says and what its keys do: fields of a page, and the script they make.

A page asks for less than a campaign file can say: one key an act, three questions, a transfer over
the trunk of the call. Key 9 is not asked for: it refuses, everywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from pydantic import ValidationError

from campaigns.errors import InvalidInput
from campaigns.machine import MachineMode
from campaigns.script import KEYS
from campaigns.script_order import Part
from operations.script_values import Language, ScriptValues
from operations.values import first_fault

QUESTIONS = (1, 2, 3)

ANSWERS = ("1", "2", "3", "4", "5", "0")
"""Keys that can be an answer."""

ACT_KEYS = tuple(KEYS)
"""Keys that can do something during the message."""


def says(recording_id: int) -> str:
    """The field of what a recording says: it stays that recording's, wherever it is heard."""
    return f"says{recording_id}"


def is_says(name: str) -> bool:
    """Whether a field says what some recording says."""
    return name.startswith("says")


def answer(question: int, key: str) -> str:
    """The field of what a key says in answer to a question."""
    return f"q{question}_key{key}"


def of_question(question: int) -> tuple[str, ...]:
    """The fields of a question."""
    answers = (answer(question, key) for key in ANSWERS)
    return f"q{question}_name", f"q{question}_recording", *answers


_OF_QUESTIONS = tuple(name for one in QUESTIONS for name in of_question(one))

FIELDS = (
    "replay_key", "source_key", "source_recording", "consent_key", "consent_form", "transfer_key",
    "transfer_number", "transfer_limit", *_OF_QUESTIONS, "script_language", "machines",
    "machine_recording",
)  # fmt: skip

RECORDED = (
    "source_recording", "machine_recording", *(f"q{one}_recording" for one in QUESTIONS),
)  # fmt: skip
"""Fields whose value is a recording."""

FIRST = {
    "transfer_limit": "5",
    "script_language": Language.FR.value,
    "machines": MachineMode.OFF.value,
}

FIELD_OF = {
    "script": "replay_key",
    "script.says": "says",
    "script.language": "script_language",
    "script.questions": "q1_name",
    **{f"script.{act}": f"{act}_key" for act in ("replay", "source", "consent", "transfer")},
    **{
        f"script.{act}.{name}": f"{act}_{name}"
        for act, names in {
            "source": ("key", "recording"),
            "consent": ("key", "form"),
            "transfer": ("key", "number", "limit"),
        }.items()
        for name in names
    },
    **{
        f"script.questions.{one - 1}{of}": f"q{one}_{name}"
        for one in QUESTIONS
        for of, name in {
            ".name": "name", ".recording": "recording", ".answers": f"key{ANSWERS[0]}",
            **{f".answers.{key}": f"key{key}" for key in ANSWERS},
        }.items()
    },
    "machines.mode": "machines",
    "machines.recordings": "machine_recording",
}  # fmt: skip
"""The page's field of what is wrong with a script."""


class FilledIn(Protocol):
    """What was filled in, by field (`api.dashboard.draft.Draft`)."""

    def __getitem__(self, name: str, /) -> str: ...

    def says(self, recording_id: int) -> tuple[str, ...]:
        """What was said that a recording says."""

    @property
    def recording_ids(self) -> Sequence[int]:
        """Ids of the recordings, in the order heard."""


def script_values(draft: FilledIn) -> ScriptValues[int] | None:
    """The script that was filled in; None where nothing is: then only 9 does anything.

    Raises:
        InvalidInput: names the field that is wrong, as the page or as `ScriptValues` has it.
    """
    acts, questions = dict(_acts(draft)), list(_questions(draft))
    if not acts and not questions and not any(map(draft.says, draft.recording_ids)):
        return None
    plain = {
        "says": [_says(draft, one) for one in draft.recording_ids],
        "language": draft["script_language"] or FIRST["script_language"],
        "questions": questions,
        **acts,
    }
    try:
        return ScriptValues[int].model_validate(plain)
    except ValidationError as error:
        fault = first_fault(error)
        raise InvalidInput(f"script.{fault.field}", fault.why, fault.remedy) from error


def machine_recordings(draft: FilledIn) -> list[int]:
    """What is left on answering machines; nothing where no message is left there."""
    leaves = draft["machines"] == MachineMode.LEAVE_MESSAGE
    chosen = draft["machine_recording"]
    return [int(chosen)] if leaves and chosen.isdecimal() else []


def filled_like(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a prepared campaign's script: all but the recordings of keys and questions.

    Args:
        row: the campaign, as it is kept.
    """
    plain = row["script"] or {"keys": {}, "questions": [], "transfer": None}
    machines = row["machines"]
    told = (row["says"] or {}).get(row["message"], [])
    found: dict[str, Any] = {
        says(one): tuple(parts) for one, parts in zip(row["recordings"], told, strict=False)
    }
    found |= {f"{act}_key": key for key, act in plain["keys"].items()}
    for place, one in zip(QUESTIONS, plain["questions"], strict=False):
        found[f"q{place}_name"] = one["name"]
        found |= {answer(place, key): said for key, said in one["answers"].items()}
    if plain["transfer"]:
        found["transfer_number"] = plain["transfer"]["number"]
        found["transfer_limit"] = str(plain["transfer"]["limit"])
    if machines:
        found["machines"] = machines["mode"]
        found["machine_recording"] = next(map(str, machines.get("recordings", [])), "")
    return found


def _says(draft: FilledIn, recording_id: int) -> list[str]:
    """What a recording says, in the order in which one should say it."""
    ticked = draft.says(recording_id)
    if not ticked:
        raise InvalidInput(
            says(recording_id), "it is not said what is heard in it.", "Tick what it says."
        )
    return [part.value for part in Part if part in ticked]


def _acts(draft: FilledIn) -> Iterator[tuple[str, Any]]:
    if draft["replay_key"]:
        yield "replay", draft["replay_key"]
    if _both(draft, "source_key", "source_recording", "Choose a recording too, or no key."):
        recording = int(draft["source_recording"])
        yield "source", {"key": draft["source_key"], "recording": recording}
    if _both(draft, "consent_key", "consent_form", "Choose a form too, or no key."):
        yield "consent", {"key": draft["consent_key"], "form": draft["consent_form"]}
    if _both(draft, "transfer_key", "transfer_number", "Write the number too, or choose no key."):
        yield (
            "transfer",
            {
                "key": draft["transfer_key"],
                "number": draft["transfer_number"],
                "limit": draft["transfer_limit"],
            },
        )


def _both(draft: FilledIn, key: str, other: str, remedy: str) -> bool:
    """Whether an act has its key and what belongs to it; neither is no act.

    Raises:
        InvalidInput: it has one of the two.
    """
    if draft[key] and not draft[other]:
        raise InvalidInput(other, "nothing is said of what the key does.", remedy)
    if draft[other] and not draft[key]:
        raise InvalidInput(key, "no key does it.", "Choose one, or empty what belongs to it.")
    return bool(draft[key])


def _questions(draft: FilledIn) -> Iterator[dict[str, Any]]:
    filled = [_is_filled(draft, one) for one in QUESTIONS]
    for one in QUESTIONS:
        if not filled[one - 1]:
            if any(filled[one:]):
                raise InvalidInput(f"q{one}_name", "a later question is asked, and not this one.",
                    "Ask in this place, or empty the later one.")  # fmt: skip
            return
        yield _question(draft, one)


def _question(draft: FilledIn, one: int) -> dict[str, Any]:
    if not draft[f"q{one}_name"]:
        raise InvalidInput(f"q{one}_name", "it has no name.", "Name it, for the report.")
    if not draft[f"q{one}_recording"]:
        raise InvalidInput(
            f"q{one}_recording", "nothing asks it.", "Choose the recording that asks it."
        )
    return {
        "name": draft[f"q{one}_name"],
        "recording": int(draft[f"q{one}_recording"]),
        "answers": {key: draft[answer(one, key)] for key in ANSWERS if draft[answer(one, key)]},
    }


def _is_filled(draft: FilledIn, one: int) -> bool:
    return any(draft[name] for name in of_question(one))
