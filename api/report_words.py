"""What a campaign's PDF and its spreadsheet say alike of what people said with keys."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from api.language import Language
from campaigns.reply import TransferStep
from operations.replies import Said

KEYS_SHOWN = 8
"""Of what was pressed in calls, the most frequent: as on the page."""


@dataclass(frozen=True, slots=True)
class Counts:
    """People by what they said.

    Attributes:
        title: what was asked.
        by_word: in order.
        of: everybody, of whom shares are told; None where shares say nothing.
    """

    title: str
    by_word: Mapping[str, int]
    of: int | None


def said_counts(said: Said | None, language: Language) -> Iterator[Counts]:
    """For each question, for consent and for transfers.

    Args:
        said: of `operations.report`; None where no key but 9 did anything.
        language: to say it in.
    """
    if said is None:
        return
    for one in said.questions:
        yield Counts(one.name, one.answers, sum(one.answers.values()))
    if said.consents is not None:
        people = {language.say("People"): said.consents}
        yield Counts(language.say("Consent given with a key"), people, None)
    if said.transfers is not None:
        steps = {language.word("transfer", one.value): many for one, many in said.transfers.items()}
        asked = said.transfers[TransferStep.ASKED]
        yield Counts(language.say("Put through to somebody"), steps, asked)
