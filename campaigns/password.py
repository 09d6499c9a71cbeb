"""What a password must be, and how long somebody who guesses waits.

Length is what counts, and no mix of signs is asked for (NIST SP 800-63B-4, 3.1.1.2; CNIL,
recommendation of 21 July 2022 on passwords).
"""

import unicodedata

from campaigns.errors import InvalidInput

LEAST_SIGNS = 12
MOST_SIGNS = 200
_LEAST_DIFFERENT = 5
_LEAST_NAME = 4

FREE_GUESSES = 5
"""Wrong passwords that cost no wait: people mistype."""

LONGEST_WAIT_S = 8.0


def normal(password: str) -> str:
    """The same however a keyboard composes it (NFKC, as NIST SP 800-63B-4 asks)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, email: str) -> None:
    """Refuse a password that is soon guessed.

    Raises:
        InvalidInput: says what is wrong with it.
    """
    signs = normal(password)
    if len(signs) < LEAST_SIGNS:
        raise InvalidInput(
            "password", "It is too short.", f"Choose at least {LEAST_SIGNS} characters."
        )
    if len(signs) > MOST_SIGNS:
        raise InvalidInput("password", "It is too long.", f"At most {MOST_SIGNS} characters.")
    if len(set(signs.casefold())) < _LEAST_DIFFERENT:
        raise InvalidInput("password", "It repeats the same characters.", "Choose another one.")
    name = email.partition("@")[0].casefold()
    if len(name) >= _LEAST_NAME and name in signs.casefold():
        raise InvalidInput("password", "It contains the e-mail address.", "Choose another one.")


def wait_s(failures: int) -> float:
    """Seconds to wait before the next guess is looked at, after so many wrong ones."""
    beyond = failures - FREE_GUESSES
    return 0.0 if beyond < 0 else min(LONGEST_WAIT_S, 0.5 * 2.0 ** min(beyond, 10))
