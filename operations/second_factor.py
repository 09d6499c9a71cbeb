"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes."""

import secrets
from datetime import UTC, datetime

import pyotp
from sqlalchemy import Connection

from campaigns.errors import InvalidInput, NotAllowed
from operations.accounts import subject
from operations.passwords import is_right
from operations.sealing import seal, unseal
from operations.secret_words import digest
from operations.workspace import Workspace
from store import accounts, audit, recovery_codes
from store.accounts import Account
from store.engine import reading, writing

ISSUER = "Porte-voix"
STEP_S = 30
_SKEW = 1
"""Steps that a phone's clock may be wrong by (RFC 6238, 5.2)."""

_SECRET_SIGNS = 32
_BASE_32 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_CODES = 10
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_LENGTH = 16  # 79 random bits


def new_secret() -> str:
    """A secret to be offered: 160 random bits in base 32 (RFC 4226, 4, R6)."""
    return pyotp.random_base32(_SECRET_SIGNS)


def address(secret: str, email: str) -> str:
    """What an authenticator app reads from the QR code: `otpauth://totp/...`."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def enrol(workspace: Workspace, account_id: int, secret: str, code: str) -> list[str]:
    """Ask for codes of this secret from now on; recovery codes, which can't be shown again.

    Raises:
        InvalidInput: the code is not of this secret and this minute.
        NotAllowed: there is a second factor already.
    """
    now = datetime.now(UTC)
    step = _step_of(secret, code, now) if is_secret(secret) else None
    if step is None:
        raise InvalidInput("code", "This code is not right.", "Enter the one the app shows now.")
    with writing(workspace.engine) as connection:
        whose = accounts.one(connection, account_id)
        if whose.second_factor:
            raise NotAllowed("There is a second factor already. Turn it off first.")
        sealed = seal(connection, secret)
        accounts.change(connection, account_id, totp_secret=sealed, totp_step=step)
        _on_record(connection, whose, whose.email, now, "user.second_factor", on=True)
        return _new_codes(connection, account_id)


def renew_codes(workspace: Workspace, account_id: int, password: str) -> list[str]:
    """Other recovery codes in the place of those there are.

    Raises:
        InvalidInput: the password is wrong.
        NotAllowed: there is no second factor.
    """
    now = datetime.now(UTC)
    check_own_password(workspace, account_id, password)
    with writing(workspace.engine) as connection:
        whose = accounts.one(connection, account_id)
        if not whose.second_factor:
            raise NotAllowed("There is no second factor.")
        audit.record(connection, now, whose.email, "user.recovery_codes", subject(account_id))
        return _new_codes(connection, account_id)


def turn_off(workspace: Workspace, account_id: int, password: str) -> None:
    """Ask for the password alone from now on.

    Raises:
        InvalidInput: the password is wrong.
    """
    check_own_password(workspace, account_id, password)
    with reading(workspace.engine) as connection:
        email = accounts.one(connection, account_id).email
    remove(workspace, account_id, email)


def remove(workspace: Workspace, account_id: int, by: str) -> None:
    """Take somebody's second factor away: for who lost phone and recovery codes.

    Raises:
        NotFound: there is nobody of that id.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        whose = accounts.one(connection, account_id)
        if not whose.second_factor:
            return
        accounts.change(connection, account_id, totp_secret=None, totp_step=None)
        recovery_codes.replace(connection, account_id, [])
        _on_record(connection, whose, by, now, "user.second_factor", on=False)


def take(connection: Connection, account_id: int, code: str, now: datetime) -> bool:
    """Whether a code, of the app or for recovery, is right; it is not taken a second time."""
    secret = _secret_of(connection, account_id)
    step = _step_of(secret, code, now) if secret else None
    if step is not None:
        return accounts.take_step(connection, account_id, step)
    return recovery_codes.take(connection, account_id, digest(_bare(code)))


def _secret_of(connection: Connection, account_id: int) -> str | None:
    """The secret of a second factor; None where there is none, or none that can be read."""
    kept = accounts.secrets(connection, account_id)["totp_secret"]
    return unseal(connection, kept) if kept else None


def codes_left(workspace: Workspace, account_id: int) -> int:
    """Recovery codes that were not used."""
    with reading(workspace.engine) as connection:
        return recovery_codes.count(connection, account_id)


def check_own_password(workspace: Workspace, account_id: int, password: str) -> None:
    """Refuse to change anything for whoever found a browser open.

    Raises:
        InvalidInput: it is not the password.
    """
    with reading(workspace.engine) as connection:
        kept = accounts.secrets(connection, account_id)["password"]
    if not is_right(kept, password):
        raise InvalidInput(
            "current", "This is not your password.", "Enter the one you sign in with."
        )


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, of those near now."""
    typed, here = "".join(code.split()), int(now.timestamp()) // STEP_S
    made = pyotp.TOTP(secret, interval=STEP_S)
    for step in range(here - _SKEW, here + _SKEW + 1):
        if typed.isascii() and secrets.compare_digest(made.at(step * STEP_S), typed):
            return step
    return None


def is_secret(text: str) -> bool:
    """Whether a text is one that was offered, or could have been."""
    return len(text) == _SECRET_SIGNS and set(text) <= _BASE_32


def _new_codes(connection: Connection, account_id: int) -> list[str]:
    codes = ["".join(secrets.choice(_SIGNS) for _ in range(_LENGTH)) for _ in range(_CODES)]
    recovery_codes.replace(connection, account_id, [digest(one) for one in codes])
    return ["-".join(one[at : at + 4] for at in range(0, _LENGTH, 4)) for one in codes]


def _bare(code: str) -> str:
    return "".join(sign for sign in code.lower() if sign.isalnum())


def _on_record(
    connection: Connection, whose: Account, by: str, now: datetime, act: str, *, on: bool
) -> None:
    detail = {"email": whose.email, "on": on}
    audit.record(connection, now, by, act, subject(whose.id), None, detail)
