"""What the number in a cell means: a day, a telephone number without its zero, or just itself."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from operations.xlsx.archive import damaged
from operations.xlsx.markup import check, local, read

_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""Numbers of the built-in formats that show a day or an hour (ECMA-376, 18.8.30)."""
_NO_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
"""Of a format's code, what is shown as it is written, and colours and conditions."""
_ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_ZEROS = re.compile(r"0{2,15}")
_MAX_STYLES = 65_536
_LARGEST_EXACT = 10**15
_DAY_0_OF_1900 = datetime(1899, 12, 31)  # noqa: DTZ001 -- a cell's day has no zone
_DAY_0_OF_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_LEAP_DAY_OF_1900 = 60
"""Excel counts the 29th of February 1900, which there was not."""
_LAST_DAY = 2_958_465


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell shows a number.

    Attributes:
        dated: as a day or an hour.
        digits: with at least so many digits, zeros in front.
    """

    dated: bool = False
    digits: int = 0


PLAIN = Style()


def load_styles(first: Iterable[bytes], again: Iterable[bytes]) -> list[Style]:
    """The cell styles of the part `styles.xml`, which is read twice, in their order.

    Raises:
        InvalidInput: the part is damaged.
    """
    check(first)
    codes: dict[str, str] = {}
    used: list[str] = []
    inside = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        name = local(name)
        if name == "numFmt" and len(codes) < _MAX_STYLES:
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            inside = True
        elif name == "xf" and inside and len(used) < _MAX_STYLES:
            used.append(attributes.get("numFmtId", "0"))

    def end(name: str) -> None:
        nonlocal inside
        if local(name) == "cellXfs":
            inside = False

    for _ in read(again, start, end):
        pass
    known = {number: _style(number, codes) for number in set(used)}
    return [known[number] for number in used]


def shown(text: str, style: Style, *, since_1904: bool) -> str:
    """A number as people would write it: whole ones with all their digits, days as 2026-01-31."""
    if not style.dated and text.isascii() and text.isdigit() and len(text) <= 15:
        return text.zfill(style.digits)
    try:
        number = float(text)
    except ValueError:
        return text
    if style.dated and 0 <= number <= _LAST_DAY:
        return _day(number, since_1904=since_1904)
    if not math.isfinite(number) or abs(number) >= _LARGEST_EXACT:
        return text
    if number == int(number):
        return str(int(number)).zfill(style.digits)
    return format(number, ".15g")


def whole(text: str) -> int:
    """A number that has to be one.

    Raises:
        InvalidInput: it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise damaged()
    return int(text)


def _style(number: str, codes: dict[str, str]) -> Style:
    if number not in codes:
        return Style(dated=number.isdecimal() and int(number[:5]) in _DATE_FORMATS)
    code = codes[number][:255].partition(";")[0]
    if _ZEROS.fullmatch(code):
        return Style(digits=len(code))
    bare = _NO_CODE.sub("", code).lower()
    dated = bool(_ELAPSED.search(code)) or any(sign in "dmyhs" for sign in bare)
    return Style(dated=dated and "general" not in bare)


def _day(number: float, *, since_1904: bool) -> str:
    days, part = divmod(number, 1)
    first = _DAY_0_OF_1904
    if not since_1904:
        first = _DAY_0_OF_1900 - timedelta(days=days >= _LEAP_DAY_OF_1900)
    try:
        at = first + timedelta(days=days, seconds=round(part * 86_400))
    except OverflowError:
        return format(number, ".15g")
    if number < 1 and not since_1904:
        return f"{at:%H:%M:%S}"
    return f"{at:%Y-%m-%d}" if at.time() == time() else f"{at:%Y-%m-%d %H:%M:%S}"
