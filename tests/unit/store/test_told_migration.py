"""Events keep the ids they were told under; a key's drafts are signed as a key's."""

from sqlalchemy import Connection, Engine, select, text
from store_subjects import NOW, World
from test_audit_migration import at_revision

from store import api_keys, schema
from store.columns import to_ms
from store.engine import reading, writing
from store.tables import campaign, webhook_event

BEFORE = "0017"
A_CAMPAIGN = """
INSERT INTO campaign (
    controller_id, name, purpose, state, pack, evidence, trunk, caller_id, rehearsal, recordings,
    message, message_ms, max_channels, max_cps, ring_timeout_s, windows, retry, two_persons,
    created_at, created_by
) VALUES (
    1, :name, 'political', 'draft', :pack, 'row', 'rehearsal', '+33199001234', :yes, '[1]',
    'messages/a', 2000, 30, 5, 15, '[]', '{}', :yes, :at, :by
)
"""


def a_campaign(connection: Connection, by: str, pack: str = "fr-political@2026.11.21") -> None:
    """A draft as it was kept before the columns that later migrations add."""
    values = {"name": f"{by} {pack}", "by": by, "pack": pack, "yes": True, "at": to_ms(NOW)}
    connection.execute(text(A_CAMPAIGN), values)


EVENT = """
INSERT INTO webhook_event (id, key, controller_id, kind, subject, at, data, spread)
VALUES (1042, 'k', 1, 'list.imported', 'list 1', :at, '{}', :spread)
"""


def test_an_event_keeps_the_id_it_was_told_under(store: Engine) -> None:
    at_revision(store, BEFORE)
    World(store).controller()
    with store.begin() as connection:
        connection.execute(text(EVENT), {"at": to_ms(NOW), "spread": True})
    schema.upgrade(store)
    with reading(store) as connection:
        assert connection.execute(select(webhook_event.c.told_as)).scalars().all() == ["1042"]


def test_a_draft_that_a_key_prepared_is_no_persons(store: Engine) -> None:
    at_revision(store, BEFORE)
    World(store).controller()
    with writing(store) as connection:
        for by in ("crm", "Zoé"):
            a_campaign(connection, by)
        api_keys.add(connection, 1, "crm", b"d", NOW)
    schema.upgrade(store)
    with reading(store) as connection:
        found = connection.execute(select(campaign.c.created_by).order_by(campaign.c.id))
        assert found.scalars().all() == ["key crm", "Zoé"]
