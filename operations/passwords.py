"""Passwords: kept as Argon2id (RFC 9106), and as slow to check for nobody as for somebody."""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from campaigns.password import normal

_AT_ONCE = BoundedSemaphore(2)
"""Each check takes 64 MiB and a tenth of a second: guesses wait for one another, not calls."""

_hasher = PasswordHasher()
"""The library's own parameters: RFC 9106's second recommended option, 64 MiB."""


def hashed(password: str) -> str:
    """What is kept of a password, with its salt and parameters."""
    with _AT_ONCE:
        return _hasher.hash(normal(password))


def is_right(kept: str | None, password: str) -> bool:
    """Whether a password is the one that is kept; where none is, after as long a time, no."""
    try:
        with _AT_ONCE:
            _hasher.verify(kept or _nobodys(), normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_dated(kept: str) -> bool:
    """Whether it is kept with other parameters than are used now."""
    return _hasher.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    """What passwords are held against where there is nothing to hold them against."""
    return _hasher.hash("nobody")
