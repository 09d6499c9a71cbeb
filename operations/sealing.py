"""Secrets that must be read again: sealed under a key that is never in the database.

The key is derived (HKDF, RFC 5869) from the suppression key, which lies beside the database and is
backed up apart from it: whoever gets hold of the database alone can read none of them.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Engine

from campaigns.contacts.suppression_key import SuppressionKey
from store import accounts, suppression_keys
from store.engine import reading, writing

_INFO = b"porte-voix sealed secrets"
_SEALED = "gAAAAA"
"""How whatever Fernet makes begins, until the year 2242; a secret in base 32 never does."""


def seal(connection: Connection, text: str) -> str:
    """A text as it is kept.

    Raises:
        SuppressionKeyMissing: this process has no key to seal it with.
    """
    return _sealed(text, suppression_keys.needed(connection))


def unseal(connection: Connection, kept: str) -> str | None:
    """What was sealed; None where it was under a key that this process does not have.

    What was kept before secrets were sealed is as it was.
    """
    return _unsealed(kept, suppression_keys.in_use(connection.engine))


def seal_what_is_plain(engine: Engine) -> None:
    """Seal the second factors that an older version kept as they are, where there is a key."""
    key = suppression_keys.in_use(engine)
    with reading(engine) as connection:
        plain = [one for one in accounts.second_factors(connection) if not _is_sealed(one[1])]
    if key is None or not plain:
        return
    with writing(engine) as connection:
        for account_id, kept in plain:
            accounts.change(connection, account_id, totp_secret=_sealed(kept, key))


def seal_anew(connection: Connection, before: SuppressionKey | None, key: SuppressionKey) -> int:
    """Seal every second factor under another key; how many can't be read any more."""
    lost = 0
    for account_id, kept in accounts.second_factors(connection):
        text = _unsealed(kept, before)
        if text is None:
            lost += 1
        else:
            accounts.change(connection, account_id, totp_secret=_sealed(text, key))
    return lost


def _is_sealed(kept: str) -> bool:
    return kept.startswith(_SEALED)


def _sealed(text: str, key: SuppressionKey) -> str:
    return _box(key).encrypt(text.encode()).decode()


def _unsealed(kept: str, key: SuppressionKey | None) -> str | None:
    if not _is_sealed(kept):
        return kept
    if key is None:
        return None
    try:
        return _box(key).decrypt(kept).decode()
    except InvalidToken:
        return None


def _box(key: SuppressionKey) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=_INFO).derive(key.secret)
    return Fernet(base64.urlsafe_b64encode(derived))
