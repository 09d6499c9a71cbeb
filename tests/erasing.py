"""Suppression keys for databases under test."""

from datetime import UTC, datetime

from sqlalchemy import Engine

from campaigns.contacts.suppression_key import SuppressionKey
from store import suppression_keys
from store.engine import writing

KEY = SuppressionKey(bytes(range(32)))


def with_key(engine: Engine, key: SuppressionKey = KEY) -> None:
    """What the first start of a home directory does."""
    with writing(engine) as connection:
        suppression_keys.record(connection, key, datetime.now(UTC))
    suppression_keys.use(engine, key)
