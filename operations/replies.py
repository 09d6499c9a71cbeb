"""What the people of a campaign said with keys, counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from campaigns.reply import ReplyKind, TransferStep
from campaigns.script import KeyAct, Script
from store.replies import counted_as


@dataclass(frozen=True, slots=True)
class Answered:
    """One question.

    Attributes:
        name: what it is called.
        answers: people by what they answered, in the order of the script; zeros too.
    """

    name: str
    answers: dict[str, int]


@dataclass(frozen=True, slots=True)
class Said:
    """Everything that was said.

    Attributes:
        questions: in the order in which they were asked.
        consents: people who agreed with a key; None where there is no such key.
        transfers: calls by how far their transfer came; None where there is no such key. One that
            was answered was asked before, and one that ended was answered.
    """

    questions: list[Answered] = field(default_factory=list)
    consents: int | None = None
    transfers: dict[TransferStep, int] | None = None


def said(script: Script, counts: Mapping[str, int]) -> Said:
    """Bring the counts of a campaign (see `store.tallies.REPLY`) into the words of its script."""
    acts = set(script.keys.values())
    return Said(
        questions=[
            Answered(
                one.name,
                {
                    label: counts.get(counted_as(ReplyKind.ANSWER, number, key), 0)
                    for key, label in one.answers.items()
                },
            )
            for number, one in enumerate(script.questions, start=1)
        ],
        consents=_consents(counts) if KeyAct.CONSENT in acts else None,
        transfers=_transfers(counts) if KeyAct.TRANSFER in acts else None,
    )


def _consents(counts: Mapping[str, int]) -> int:
    return counts.get(counted_as(ReplyKind.CONSENT, 0, ""), 0)


def _transfers(counts: Mapping[str, int]) -> dict[TransferStep, int]:
    return {step: counts.get(counted_as(ReplyKind.TRANSFER, 0, step), 0) for step in TransferStep}
