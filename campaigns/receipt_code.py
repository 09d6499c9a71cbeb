"""Codes by which a call to our number tells which telephone asks for a receipt. Pure.

Whoever asks on the public page is given an address that nobody can guess. Two things come from its
secret: the code, which is keyed on the callback line, and a word of four digits, which an officer
who rings the number has the person read out before anything is released there.
"""

import hmac

DIGITS = 9
WORD_DIGITS = 4

_RANDOM = 10 ** (DIGITS - 2)
_MODULUS = 97
"""ISO/IEC 7064, MOD 97-10: two digits that show any digit mistaken and any two neighbours swapped.
The dialplan reckons the same, so that whoever slips is told at once, with the dialer down too."""


def code_of(secret: str) -> str:
    """The code of a page: `DIGITS` digits, the first of them none that a calculator drops."""
    drawn = _drawn(secret, b"receipt code") % (_RANDOM - _RANDOM // 10) + _RANDOM // 10
    return f"{drawn}{_MODULUS + 1 - drawn * 100 % _MODULUS:02}"


def is_code(text: str) -> bool:
    """Whether it could be a code of some page."""
    digits = len(text) == DIGITS and text.isascii() and text.isdigit()
    return digits and text[0] != "0" and int(text) % _MODULUS == 1


def word_of(secret: str) -> str:
    """What only whoever sees the page can read out: `WORD_DIGITS` digits."""
    return f"{_drawn(secret, b'receipt word') % 10**WORD_DIGITS:0{WORD_DIGITS}}"


def _drawn(secret: str, what: bytes) -> int:
    return int.from_bytes(hmac.digest(secret.encode(), what, "sha256"))
