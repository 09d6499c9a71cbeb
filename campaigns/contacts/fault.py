"""Why a number is refused, in words its owner's list keeper understands."""

from enum import StrEnum

from campaigns.errors import InvalidInput


class NumberFault(StrEnum):
    """Why a number cannot be called. The values are the reason codes of reject files."""

    EMPTY = "empty"
    LETTERS = "letters"
    UNREADABLE = "unreadable"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    EXTENSION = "extension"
    SHORT_NUMBER = "short_number"
    SPECIAL_NUMBER = "special_number"
    PREMIUM = "premium"
    MACHINE = "machine_number"
    PLATFORM = "platform_number"
    FOREIGN = "foreign"
    IMPOSSIBLE = "impossible"
    SCIENTIFIC_NOTATION = "scientific_notation"


_TEXTS: dict[NumberFault, tuple[str, str]] = {
    NumberFault.EMPTY: ("There is no number.", "Fill it in, or remove the row."),
    NumberFault.LETTERS: ("It contains letters.", "Keep the digits only."),
    NumberFault.UNREADABLE: (
        "It contains signs that are not part of a number.",
        "Widen the column if it shows #####, then save the file again as CSV.",
    ),
    NumberFault.TOO_SHORT: ("Digits are missing.", "A French number has ten digits."),
    NumberFault.TOO_LONG: (
        "It has too many digits.",
        "A French number has ten digits. If the cell holds two numbers, keep one.",
    ),
    NumberFault.EXTENSION: (
        "It has an extension, which a recorded call cannot dial.",
        "Give the person's direct number.",
    ),
    NumberFault.SHORT_NUMBER: (
        "It is a short, emergency or directory number.",
        "Give the person's ten-digit number.",
    ),
    NumberFault.SPECIAL_NUMBER: (
        "It is a special number (08), not a person's line.",
        "Give the person's own number.",
    ),
    NumberFault.PREMIUM: (
        "It is a premium-rate number, not a person's line.",
        "Give the person's own number.",
    ),
    NumberFault.MACHINE: (
        "It belongs to a machine (0700), not to a person.",
        "Give the person's own number.",
    ),
    NumberFault.PLATFORM: (
        "It belongs to a messaging platform (0937 to 0939), not to a person.",
        "Give the person's own number.",
    ),
    NumberFault.FOREIGN: (
        "It is a foreign number, and only French ones can be called.",
        "Give a French number if the person has one.",
    ),
    NumberFault.IMPOSSIBLE: (
        "No French number begins like this.",
        "Check it with the person or the supplier.",
    ),
    NumberFault.SCIENTIFIC_NOTATION: (
        "Your spreadsheet destroyed it: it kept a rounded figure such as 3,36E+10.",
        "Format the column as text in the original file, then export it again.",
    ),
}


class InvalidNumber(InvalidInput):
    """A number that cannot be called.

    Attributes:
        fault: the reason code.
    """

    code = "invalid_number"

    def __init__(self, fault: NumberFault, field: str = "phone") -> None:
        self.fault = fault
        why, remedy = _TEXTS[fault]
        super().__init__(field, why, remedy)
