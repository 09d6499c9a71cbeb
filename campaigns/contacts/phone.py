"""One person's number: any French way of writing it becomes E.164, or a stated fault.

phonenumbers is the authority on which ranges exist, and costs 25 microseconds a number. Its
metadata for the French codes decide by the first five digits after the country code, so it is
asked once for each such block and the answer is kept; `tests/.../test_phone.py` holds the two
equal over random numbers.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import phonenumbers
from phonenumbers import PhoneNumberType

from campaigns.contacts import plan
from campaigns.contacts.fault import InvalidNumber, NumberFault

BLOCK_DIGITS = 5
_DIGITS = 9
"""Significant digits of a number of France and of most overseas codes."""

_SEPARATORS = dict.fromkeys(
    map(
        ord,
        " \t\r\n\v\f.-/()[],_"
        "\u00a0\u00ad\u00b7\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
        "\u200b\u200c\u200d\u200e\u200f\u2010\u2011\u2012\u2013\u2014\u2015\u2022\u202a\u202b\u202c"
        "\u202d\u202e\u202f\u205f\u2060\u2066\u2067\u2068\u2069\u2212\u3000\ufeff",
    )
)
_AS_TEXT = re.compile(r"""^(?:="(?P<formula>[^"]*)"|'(?P<quoted>.*))$""", re.DOTALL)
_SCIENTIFIC = re.compile(r"^[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+$")
_FLOAT = re.compile(r"^([1-9]\d{8,11})[.,]0+$")
_EXTENSION = re.compile(
    r"\d\W*(?:poste|ext(?:ension)?|x|\#|;ext=)[\s.:=]*\d{1,7}\W*$", re.IGNORECASE
)


class LineKind(StrEnum):
    """What sort of line a number is."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    VOIP = "voip"


_KINDS = {
    PhoneNumberType.MOBILE: LineKind.MOBILE,
    PhoneNumberType.FIXED_LINE: LineKind.LANDLINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: LineKind.MOBILE,
    PhoneNumberType.VOIP: LineKind.VOIP,
}
_NEVER_CALLED = {
    PhoneNumberType.PREMIUM_RATE: NumberFault.PREMIUM,
    PhoneNumberType.TOLL_FREE: NumberFault.SPECIAL_NUMBER,
    PhoneNumberType.SHARED_COST: NumberFault.SPECIAL_NUMBER,
    PhoneNumberType.UAN: NumberFault.SPECIAL_NUMBER,
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number that may be dialled.

    Attributes:
        e164: `+` and digits.
        zones: every IANA time zone its owner may be in, at least one.
        kind: the sort of line, from its range.
        fictional: kept by ARCEP for fiction, so only a rehearsal trunk may dial it.
    """

    e164: str
    zones: tuple[str, ...]
    kind: LineKind
    fictional: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """What all numbers that share their first five digits have in common.

    Attributes:
        prefix: what E.164 begins with, `+` included.
        skip: significant digits that `prefix` already stands for.
        fault: why none of them may be called; then there is no kind.
    """

    prefix: str
    skip: int
    zones: tuple[str, ...]
    kind: LineKind
    fictional: bool = False
    fault: NumberFault | None = None


def parse(raw: str) -> Number:
    """Read a number as people and spreadsheets write it.

    Accepts spaces of any width, dots, dashes, slashes, brackets, `+33`, `0033`, `33`, `(0)`, a lost
    leading zero where what results is a French number, Excel's `="..."` and `'...`, and overseas
    numbers under their own code, under +33 or as written at home.

    Raises:
        InvalidNumber: what is wrong, with a code, a sentence and a remedy.
    """
    compact = raw.translate(_SEPARATORS)
    if len(compact) == len("0") + _DIGITS and compact[0] == "0":
        country, significant = plan.FRANCE, compact[1:]
    elif len(compact) == len("+33") + _DIGITS and compact[:3] == "+33":
        country, significant = plan.FRANCE, compact[3:]
    else:
        country, significant = _read(raw)
    if significant[0] == "0" or not (significant.isascii() and significant.isdigit()):
        country, significant = _read(raw)
    block = _block(country, significant[:BLOCK_DIGITS], len(significant))
    if block.fault is not None:
        raise InvalidNumber(block.fault)
    e164 = block.prefix + significant[block.skip :]
    return Number(e164, block.zones, block.kind, block.fictional)


def masked(e164: str) -> str:
    """A number as logs show it: `+33 6 39 •• •• 01`."""
    country = next((code for code in plan.NATIONAL_LENGTHS if e164.startswith(f"+{code}")), "")
    significant = e164[1 + len(country) :]
    if not country or len(significant) not in plan.NATIONAL_LENGTHS[country]:
        return "•• •• ••"
    if len(significant) == _DIGITS:
        return f"+{country} {significant[0]} {significant[1:3]} •• •• {significant[-2:]}"
    hidden = " ••" * ((len(significant) - 4) // 2)
    return f"+{country} {significant[:2]}{hidden} {significant[-2:]}"


def _read(raw: str) -> tuple[str, str]:
    """Country code and significant digits of a number in an uncommon style."""
    text = _unwrapped(raw)
    if _SCIENTIFIC.match(text):
        raise InvalidNumber(NumberFault.SCIENTIFIC_NOTATION)
    if _EXTENSION.search(text):
        raise InvalidNumber(NumberFault.EXTENSION)
    digits = _ascii(text.translate(_SEPARATORS))
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    _check_characters(digits)
    if digits.startswith("+"):
        return _international(digits[1:])
    return _national(digits)


def _unwrapped(raw: str) -> str:
    """The text without what Excel puts around a number to keep it a text, or `.0` after it."""
    text = unicodedata.normalize("NFKC", raw).strip()
    kept = _AS_TEXT.match(text)
    if kept:
        text = (kept["formula"] if kept["quoted"] is None else kept["quoted"]).strip()
    whole = _FLOAT.match(text)
    return whole[1] if whole else text


def _ascii(text: str) -> str:
    """Digits of any script as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in text)


def _check_characters(digits: str) -> None:
    if not digits.strip("+"):
        raise InvalidNumber(NumberFault.EMPTY)
    if any(sign.isalpha() for sign in digits):
        raise InvalidNumber(NumberFault.LETTERS)
    if not digits.removeprefix("+").isdigit() or not digits.isascii():
        raise InvalidNumber(NumberFault.UNREADABLE)


def _international(digits: str) -> tuple[str, str]:
    for country in plan.NATIONAL_LENGTHS:
        if digits.startswith(country):
            significant = digits[len(country) :]
            if country in plan.TRUNK_ZERO:
                significant = significant.removeprefix("0")
            return country, _of_right_length(country, significant)
    known = any(int(digits[:n]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE for n in (1, 2, 3))
    raise InvalidNumber(NumberFault.FOREIGN if known else NumberFault.IMPOSSIBLE)


def _national(digits: str) -> tuple[str, str]:
    if digits.startswith("0"):
        return plan.FRANCE, _of_right_length(plan.FRANCE, digits[1:])
    if plan.is_short_number(digits):
        raise InvalidNumber(NumberFault.SHORT_NUMBER)
    if len(digits) == _DIGITS + 1:
        raise InvalidNumber(NumberFault.IMPOSSIBLE)
    if len(digits) == _DIGITS:
        return plan.FRANCE, digits
    for country in plan.TRUNK_ZERO:
        if digits.startswith(country) and len(digits) == len(country) + _DIGITS:
            return country, digits[len(country) :]
    return plan.FRANCE, _of_right_length(plan.FRANCE, digits)


def _of_right_length(country: str, significant: str) -> str:
    lengths = plan.NATIONAL_LENGTHS[country]
    if country == plan.FRANCE and significant.startswith(plan.MACHINE_PREFIX):
        raise InvalidNumber(NumberFault.MACHINE)
    if len(significant) < min(lengths):
        raise InvalidNumber(NumberFault.TOO_SHORT)
    if len(significant) > max(lengths):
        raise InvalidNumber(NumberFault.TOO_LONG)
    if len(significant) not in lengths or significant.startswith("0"):
        raise InvalidNumber(NumberFault.IMPOSSIBLE)
    return significant


@cache
def _block(country: str, start: str, length: int) -> _Block:
    """Decide a block of numbers: `start` is their first five significant digits."""
    skip = 0
    if country == plan.FRANCE:
        country = plan.home_of(start)
        skip = 3 if country == start[:3] == plan.LOCAL_OF_SIX_DIGITS else 0
    national = (start + "0" * (length - len(start)))[skip:]
    fictional = country == plan.FRANCE and start.startswith(plan.FICTIONAL_PREFIXES)
    kind, fault = _fictional_kind(start) if fictional else _line(country, national)
    zones = plan.zones_of(country, national)
    return _shared(_Block(f"+{country}", skip, zones, kind, fictional, fault))


@cache
def _shared(block: _Block) -> _Block:
    """One object for all equal blocks: there are 90,000 blocks and a few dozen kinds of them."""
    return block


def _fictional_kind(start: str) -> tuple[LineKind, NumberFault | None]:
    return (LineKind.MOBILE if start[0] == "6" else LineKind.LANDLINE), None


def _line(country: str, national: str) -> tuple[LineKind, NumberFault | None]:
    """Ask phonenumbers what one number is, and refuse the ranges that are never called."""
    if len(national) == _DIGITS and national.startswith(plan.MACHINE_PREFIX):
        return LineKind.MOBILE, NumberFault.MACHINE
    if len(national) == _DIGITS and national.startswith(plan.PLATFORM_PREFIXES):
        return LineKind.VOIP, NumberFault.PLATFORM
    number = phonenumbers.parse(f"+{country}{national}", None)
    kind = phonenumbers.number_type(number)
    if kind in _KINDS:
        return _KINDS[kind], None
    special = len(national) == _DIGITS and national.startswith(plan.SPECIAL_PREFIX)
    unknown = NumberFault.SPECIAL_NUMBER if special else NumberFault.IMPOSSIBLE
    return LineKind.VOIP, _NEVER_CALLED.get(kind, unknown)
