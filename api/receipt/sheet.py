"""A receipt or a report in words: what the text and the PDF both show."""

from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]
"""Labels with what they say; what is not known is left out."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a head, each as long as it.

    Attributes:
        caption: what they are; empty where a heading says so.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A line that is drawn beside a table which says the same.

    Attributes:
        shares: its heights from left to right, 0 to 1.
        begin, end: what stands below its two ends.
    """

    shares: tuple[float, ...]
    begin: str
    end: str


@dataclass(frozen=True, slots=True)
class Block:
    """One list, one campaign, one refusal.

    Attributes:
        title: its heading.
        pairs: what is known of it.
        table: what happened in it; None for nothing.
        curve: what is drawn of the table; None for nothing.
    """

    title: str
    pairs: Pairs = ()
    table: Table | None = None
    curve: Curve | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """What belongs together.

    Attributes:
        title: its heading.
        text: paragraphs below it.
        blocks: what it consists of.
    """

    title: str
    text: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole.

    Attributes:
        language: `fr` or `en`.
        title: what it is.
        controller: whose.
        number: in groups, as it is read aloud.
        issued: when, in words.
        text: first paragraphs.
        sections: all else.
    """

    language: str
    title: str
    controller: str
    number: str
    issued: str
    text: tuple[str, ...]
    sections: tuple[Section, ...]
