"""A script as it is written, in a campaign file or sent to the API.

Recordings are files in the one and ids in the other; the rest is the same.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from campaigns.script import (
    LONGEST_RING_S,
    LONGEST_TALK_S,
    MOST_QUESTIONS,
    MOST_TRANSFERS,
    MOST_TRIES,
    SHORTEST_RING_S,
)
from campaigns.script_order import Part
from operations.values import Line, Name

R = TypeVar("R")
S = TypeVar("S")

_SHORT = Field(max_length=64)


class Prompt(StrEnum):
    """What is said besides what a script names, in its language, unless it has its own."""

    UNKNOWN = "unknown"  # that key means nothing here
    NOTED = "noted"  # the answer is noted, and the next question comes
    THANKS = "thanks"  # after the last question
    CONSENTED = "consented"
    CONNECTING = "connecting"
    FULL = "full"  # nobody is free to talk to now
    UNAVAILABLE = "unavailable"  # nobody answered


class Language(StrEnum):
    """Languages in which there are prompts."""

    FR = "fr"
    EN = "en"


def _listed(says: object) -> object:
    return [says] if isinstance(says, str) else says


Says = Annotated[list[Part], BeforeValidator(_listed), Field(min_length=1, max_length=len(Part))]
"""What one recording says: `identity`, or `["identity", "opt_out"]`."""

Key = Annotated[str, Field(min_length=1, max_length=1)]


class SourceValues(BaseModel, Generic[R]):
    """`[script.source]`: where the number came from, said at the press of a key."""

    model_config = ConfigDict(extra="forbid")

    key: Key
    recording: R


class ConsentValues(BaseModel):
    """`[script.consent]`: a key by which people agree to the text of a consent form."""

    model_config = ConfigDict(extra="forbid")

    key: Key
    form: Annotated[Line, Field(min_length=1, max_length=64)]


class QuestionValues(BaseModel, Generic[R]):
    """One `[[script.questions]]`."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name, _SHORT]
    recording: R
    answers: dict[Key, Annotated[Name, _SHORT]]


class TransferValues(BaseModel):
    """`[script.transfer]`: to a person or a queue."""

    model_config = ConfigDict(extra="forbid")

    key: Key
    number: Annotated[Line, Field(min_length=1, max_length=40)]
    trunk: Annotated[Line, Field(max_length=32)] = ""
    limit: int = Field(ge=1, le=MOST_TRANSFERS)
    ring_s: int = Field(default=20, ge=SHORTEST_RING_S, le=LONGEST_RING_S)
    talk_s: int = Field(default=900, ge=1, le=LONGEST_TALK_S)


class ScriptValues(BaseModel, Generic[R]):
    """`[script]`: what the message says, and what keys do besides 9."""

    model_config = ConfigDict(extra="forbid")

    says: list[Says] = Field(min_length=1, max_length=50)
    language: Language = Language.FR
    replay: Key | None = None
    source: SourceValues[R] | None = None
    consent: ConsentValues | None = None
    transfer: TransferValues | None = None
    questions: list[QuestionValues[R]] = Field(default=[], max_length=MOST_QUESTIONS)
    tries: int = Field(default=2, ge=1, le=MOST_TRIES)
    prompts: dict[Prompt, R] = {}

    def recordings(self) -> Iterator[R]:
        """Everything it says that somebody recorded."""
        if self.source is not None:
            yield self.source.recording
        yield from (one.recording for one in self.questions)
        yield from self.prompts.values()

    def recorded(self, keep: Callable[[R], S]) -> "ScriptValues[S]":
        """The same with other recordings, each the result for the one in its place."""
        return ScriptValues[S](
            says=self.says,
            language=self.language,
            replay=self.replay,
            source=self.source
            and SourceValues[S](key=self.source.key, recording=keep(self.source.recording)),
            consent=self.consent,
            transfer=self.transfer,
            questions=[
                QuestionValues[S](name=one.name, recording=keep(one.recording), answers=one.answers)
                for one in self.questions
            ],
            tries=self.tries,
            prompts={name: keep(one) for name, one in self.prompts.items()},
        )
