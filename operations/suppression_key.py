"""The suppression key: made at the first start, kept beside the database, never within it.

Refusals of erased people are kept as digests under it. Whoever loses it can't tell any more who
they are, so that without it nobody is called at all: it belongs in a backup, apart from that of the
database. It stands in a file of the home directory, or in the setting `suppression_key`.
"""

import os
import secrets
import tempfile
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Engine

from campaigns.contacts.suppression_key import KEY_BYTES, SuppressionKey
from campaigns.errors import InvalidInput, NotAllowed
from operations.sealing import seal_anew
from operations.settings import Settings
from store import audit, suppression_keys
from store.engine import reading, writing

FILE_NAME = "suppression.key"
_SUBJECT = "suppression key"


class KeyState(StrEnum):
    """How the key at hand stands to the database."""

    FITS = "fits"
    NEW = "new"  # the database was used with none yet
    MISSING = "missing"
    ANOTHER = "another"  # the database was used with another one
    UNREADABLE = "unreadable"  # its file holds something else


def file_of(settings: Settings) -> Path:
    """Where the key is kept, unless the settings hold it."""
    return settings.home / FILE_NAME


def take_up(settings: Settings, engine: Engine) -> None:
    """Have this process use the key of its database, made where neither has one yet.

    Where it is missing or another one, the process has none: whoever asks who is suppressed is
    told so.
    """
    with reading(engine) as connection:
        recorded = suppression_keys.recorded(connection)
    key = _given(settings)
    if recorded is None:
        key = key or _made(file_of(settings))
    if recorded is None and key is not None:
        with writing(engine) as connection:
            suppression_keys.record(connection, key, datetime.now(UTC))
            recorded = suppression_keys.recorded(connection)
    fits = key is not None and key.fingerprint == recorded
    suppression_keys.use(engine, key if fits else None)


def state(settings: Settings, engine: Engine) -> KeyState:
    """How the key stands; nothing is made or changed."""
    with reading(engine) as connection:
        recorded = suppression_keys.recorded(connection)
    key = _given(settings)
    if key is None and file_of(settings).exists():
        return KeyState.UNREADABLE
    if recorded is None:
        return KeyState.NEW
    if key is None:
        return KeyState.MISSING
    return KeyState.FITS if key.fingerprint == recorded else KeyState.ANOTHER


def check(engine: Engine) -> None:
    """Refuse to go on where nobody could tell who was erased.

    Raises:
        SuppressionKeyMissing: the key is missing or another one.
    """
    with reading(engine) as connection:
        suppression_keys.check(engine, suppression_keys.recorded(connection))


def back_up(engine: Engine, file: Path, by: str) -> None:
    """Write the key to a new file that nobody else may read.

    Raises:
        SuppressionKeyMissing: there is none to write.
        FileExistsError: the file is there already.
    """
    with reading(engine) as connection:
        key = suppression_keys.needed(connection)
    written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(written, "w") as stream:
        stream.write(key.text + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    _record(engine, by, "suppression_key.backup", key)


def restore(settings: Settings, engine: Engine, file: Path, by: str) -> None:
    """Put back the key that the database was used with.

    Raises:
        InvalidInput: the file holds no key, or another one.
        NotAllowed: the settings hold a key, which goes before any file.
    """
    _check_unset(settings)
    key = SuppressionKey.read(file.read_text(errors="replace"))
    if key is None:
        raise InvalidInput(
            str(file), "it holds no suppression key.", "Give a file that «key backup» wrote."
        )
    with reading(engine) as connection:
        recorded = suppression_keys.recorded(connection)
    if recorded not in {None, key.fingerprint}:
        raise InvalidInput(
            str(file),
            "it holds another key than the one this database was used with.",
            "Look for the backup that was made of this one.",
        )
    _put(file_of(settings), key)
    take_up(settings, engine)
    _record(engine, by, "suppression_key.restore", key)


def renew(settings: Settings, engine: Engine, by: str) -> int:
    """Make another key where the one before is lost and nothing rests on it.

    Returns:
        how many second factors can't be read any more, as they were sealed under the lost key.

    Raises:
        NotAllowed: somebody was erased, whose refusal is known under the lost key alone; or the
            settings hold a key.
    """
    _check_unset(settings)
    key, before = SuppressionKey(secrets.token_bytes(KEY_BYTES)), suppression_keys.in_use(engine)
    now = datetime.now(UTC)
    with writing(engine) as connection:
        if not suppression_keys.replace(connection, key, now):
            raise NotAllowed(
                "People were erased under the key that this database was used with: their refusals "
                "can be recognised by that key alone. Restore it from its backup."
            )
        lost = seal_anew(connection, before, key)
    _put(file_of(settings), key)
    suppression_keys.use(engine, key)
    _record(engine, by, "suppression_key.renew", key)
    return lost


def _check_unset(settings: Settings) -> None:
    if settings.suppression_key:
        raise NotAllowed(
            "The settings or the environment hold a suppression key, which goes before any file: "
            "correct it there (suppression_key, PORTEVOIX_SUPPRESSION_KEY)."
        )


def _given(settings: Settings) -> SuppressionKey | None:
    """The key of the settings, else of the file; None where there is none to be read."""
    if settings.suppression_key:
        return SuppressionKey.read(settings.suppression_key)
    try:
        return SuppressionKey.read(file_of(settings).read_text(errors="replace"))
    except FileNotFoundError:
        return None


def _made(file: Path) -> SuppressionKey | None:
    """A new key in a new file; where another process made one meanwhile, that one."""
    key = SuppressionKey(secrets.token_bytes(KEY_BYTES))
    aside = _written_aside(file, key)
    try:
        os.link(aside, file)
    except FileExistsError:
        return SuppressionKey.read(file.read_text(errors="replace"))
    finally:
        aside.unlink()
    return key


def _put(file: Path, key: SuppressionKey) -> None:
    _written_aside(file, key).replace(file)


def _written_aside(file: Path, key: SuppressionKey) -> Path:
    """A whole file beside it, which nobody else may read."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".key-", delete=False) as aside:
        aside.write(key.text + "\n")
        aside.flush()
        os.fsync(aside.fileno())
    return Path(aside.name)


def _record(engine: Engine, by: str, act: str, key: SuppressionKey) -> None:
    with writing(engine) as connection:
        detail = {"fingerprint": key.fingerprint}
        audit.record(connection, datetime.now(UTC), by, act, _SUBJECT, None, detail)
