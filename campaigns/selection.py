"""Who of its lists a campaign calls, and which message each of them hears. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from campaigns.contacts.segments import Expression, Place, parse, places

ADDRESSES = frozenset({Place.COMMUNE, Place.CONSTITUENCY})
"""Places of a person that are looked for by address, as they are not written in one form."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What decides, of each person of a list, whether and with which message they are called.

    Attributes:
        segment: who is called at all; None for everybody.
        variants: by name, in order, whom each message is for; the first that fits is heard.
        others: whoever fits none hears the campaign's own message; else they are not called.
        table_id: the table of constituencies that is asked; 0 for none.
    """

    segment: Expression | None
    variants: Mapping[str, Expression]
    others: bool = True
    table_id: int = 0

    def asks(self, *wanted: Place) -> bool:
        """Whether any of these places is asked for."""
        return any(places(one) & set(wanted) for one in self.expressions())

    @property
    def by_address(self) -> bool:
        """Whether people's addresses must be looked for."""
        return self.asks(*ADDRESSES)

    def expressions(self) -> Iterator[Expression]:
        """Everything it asks."""
        if self.segment is not None:
            yield self.segment
        yield from self.variants.values()


def selection_of(plain: Mapping[str, Any]) -> Selection:
    """As `{segment, variants: [[name, expression], ...], others, table}` says it.

    Raises:
        InvalidInput: an expression is not of the grammar.
    """
    segment = plain["segment"]
    return Selection(
        segment=None if segment is None else parse(segment, "segment"),
        variants={name: parse(one, f"variants.{name}") for name, one in plain["variants"]},
        others=plain["others"],
        table_id=plain["table"],
    )
