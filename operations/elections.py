"""An election as it is written, in a file of its own or where a campaign is."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from campaigns.errors import InvalidInput
from campaigns.rules.elections import Election, Round, Territory
from operations.values import Line, Name, first_fault, plausible_day

Day = Annotated[date, AfterValidator(plausible_day)]


class RoundValues(BaseModel):
    """One of `rounds`: the day of the poll by territory."""

    model_config = ConfigDict(extra="forbid")

    polls: dict[Territory, Day] = Field(min_length=1)


def _in_order(rounds: list[RoundValues]) -> list[RoundValues]:
    try:
        Election("", "", tuple(Round(one.polls) for one in rounds))
    except InvalidInput as error:
        raise ValueError(f"{error.why} {error.remedy}".rstrip(".")) from error
    return rounds


class ElectionValues(BaseModel):
    """The whole file; the dates are those of the decree that is its source."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    source: Annotated[Line, Field(min_length=1)]
    rounds: Annotated[
        list[RoundValues], Field(min_length=1, max_length=5), AfterValidator(_in_order)
    ]

    def election(self) -> Election:
        """As the domain knows it."""
        rounds = tuple(Round(one.polls) for one in self.rounds)
        return Election(self.name, self.source, rounds)


def read_election(path: Path) -> dict[str, Any]:
    """Read an election from its file, as it would be written in a campaign.

    Raises:
        InvalidInput: names the file, and the first value in it that is wrong.
    """
    try:
        plain = tomllib.loads(path.read_text("utf-8"))
        ElectionValues.model_validate(plain)
    except FileNotFoundError as error:
        raise InvalidInput(str(path), "there is no such file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(str(path), f"is not readable TOML: {error}.") from error
    except ValidationError as error:
        fault = first_fault(error)
        raise InvalidInput(f"{path}: {fault.field}", fault.why, fault.remedy) from error
    return plain
