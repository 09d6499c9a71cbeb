"""The key under which refusals of erased people are kept: a digest instead of their number.

A phone number has nine digits that matter, so a plain hash of it is read back by trying them all;
without the key that cannot be done (HMAC, RFC 2104).
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

KEY_BYTES = 32
"""As long as the digest of SHA-256, as RFC 2104, section 3 advises."""

_AS_TEXT = re.compile(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}")
_FINGERPRINT_OF = b"porte-voix suppression key"


@dataclass(frozen=True)
class SuppressionKey:
    """Turns numbers into digests.

    Attributes:
        secret: `KEY_BYTES` random bytes.
    """

    secret: bytes = field(repr=False)

    @classmethod
    def read(cls, text: str) -> "SuppressionKey | None":
        """The key of a text of 64 hexadecimal digits; None where it is none."""
        found = _AS_TEXT.fullmatch(text.strip())
        return cls(bytes.fromhex(found[0])) if found else None

    @property
    def text(self) -> str:
        """The key as it is kept in a file. It is a secret."""
        return self.secret.hex()

    @cached_property
    def fingerprint(self) -> str:
        """What tells one key from another and nothing more."""
        return "key:" + self._digest(_FINGERPRINT_OF)[:KEY_BYTES]

    def digest(self, number: str) -> str:
        """HMAC-SHA-256 of an E.164 number, 64 hexadecimal digits."""
        return self._digest(number.encode())

    def _digest(self, said: bytes) -> str:
        return hmac.digest(self.secret, said, "sha256").hex()


def is_digest(number: str) -> bool:
    """Whether what is kept in the place of a number is a digest of one."""
    return not number.startswith("+")


def known_number(kept: str | None) -> str:
    """The number that is kept; empty where only a digest of it is, or nothing."""
    return "" if kept is None or is_digest(kept) else kept


def kept_as(numbers: Iterable[str], key: SuppressionKey | None) -> dict[str, str]:
    """Every way in which a suppression of these numbers may be kept, with the number it is of."""
    found = {number: number for number in numbers}
    if key is not None:
        found |= {key.digest(number): number for number in list(found)}
    return found
