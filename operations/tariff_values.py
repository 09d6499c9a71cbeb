"""Tariffs as the settings write them: euros as decimals, one line for each prefix of numbers."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from campaigns.errors import InvalidInput
from campaigns.money import to_micros
from campaigns.tariff import Tariff
from operations.values import first_fault

MOST_EUROS = 1_000_000
"""A sum above which it is taken for a mistake."""


def _exact(euros: Decimal) -> Decimal:
    """Refuse what micro-euros cannot say."""
    to_micros(euros)
    return euros


Euros = Annotated[Decimal, Field(ge=0, le=MOST_EUROS), AfterValidator(_exact)]
"""A sum of money."""

Seconds = Annotated[int, Field(ge=0, le=3600)]


class TariffValues(BaseModel):
    """One line of `tariffs`: see `campaigns.tariff.Tariff`. Time has one price or none."""

    model_config = ConfigDict(extra="forbid")

    prefix: str
    per_call: Euros = Decimal(0)
    per_minute: Euros = Decimal(0)
    per_second: Euros = Decimal(0)
    increments: Annotated[str, Field(pattern=r"^\d{1,4}/\d{1,4}$")] = "1/1"
    free_s: Seconds = 0
    short_under_s: Seconds = 0
    short_surcharge: Euros = Decimal(0)

    def tariff(self) -> Tariff:
        """As the domain knows it.

        Raises:
            InvalidInput: it cannot be.
        """
        if self.per_minute and self.per_second:
            raise InvalidInput(
                "per_second", "the line has a price per minute already.", "Keep one of the two."
            )
        first_s, next_s = map(int, self.increments.split("/"))
        return Tariff(
            prefix=self.prefix,
            per_call=to_micros(self.per_call),
            per_minute=to_micros(self.per_minute + 60 * self.per_second),
            first_s=first_s,
            next_s=next_s,
            free_s=self.free_s,
            short_under_s=self.short_under_s,
            short_surcharge=to_micros(self.short_surcharge),
        )


def _lines(plain: Any) -> list[TariffValues]:
    """Each line checked by itself, so that a fault names it as people count."""
    if not isinstance(plain, list):
        raise ValueError("they are a list: write each under [[...tariffs]]")  # noqa: TRY004
    found: list[TariffValues] = []
    for number, one in enumerate(plain, start=1):
        found.append(_line(number, one))
        _check_new(number, found)
    return found


def _line(number: int, plain: Any) -> TariffValues:
    try:
        values = TariffValues.model_validate(plain)
        values.tariff()
    except ValidationError as error:
        raise ValueError(_said(number, first_fault(error))) from error
    except InvalidInput as error:
        raise ValueError(_said(number, error)) from error
    return values


def _said(number: int, fault: InvalidInput) -> str:
    return f"line {number}, {fault}".rstrip(".")


def _check_new(number: int, found: Sequence[TariffValues]) -> None:
    *before, last = [one.prefix for one in found]
    if last in before:
        raise ValueError(f"line {number}: {last} has its price in line {before.index(last) + 1}")


TariffLines = Annotated[list[TariffValues], BeforeValidator(_lines)]
"""The tariffs of one trunk."""
