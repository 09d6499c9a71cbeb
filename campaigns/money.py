"""Euros without rounding: whole micro-euros everywhere, decimals where people read them. Pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

MICROS = 1_000_000
"""Micro-euros in a euro: a second of a call costs some fraction of a hundredth of a cent."""

_CENT = Decimal("0.01")
_MICRO = Decimal("0.000001")


def to_micros(euros: Decimal) -> int:
    """Euros as micro-euros.

    Raises:
        ValueError: there is no such sum, or it has more than six decimals.
    """
    if not euros.is_finite():
        raise ValueError("it is no sum of money")
    micros = euros * MICROS
    if micros != micros.to_integral_value():
        raise ValueError("it has more than six decimals: a micro-euro is the least that is counted")
    return int(micros)


def to_euros(micros: int) -> Decimal:
    """Micro-euros as euros, exactly."""
    return (Decimal(micros) / MICROS).quantize(_MICRO)


def plain(micros: int) -> str:
    """Euros as a program reads them back: exact, at least two decimals, no more than needed."""
    euros = to_euros(micros)
    short = euros.quantize(_CENT)
    return f"{short}" if short == euros else f"{euros.normalize():f}"


def shown(micros: int) -> str:
    """Euros as a person reads them in English: to the cent."""
    return f"€{to_euros(micros).quantize(_CENT, ROUND_HALF_UP):,}"


@dataclass(frozen=True, slots=True)
class Euros:
    """A sum to be told to people, each in their language."""

    micros: int
