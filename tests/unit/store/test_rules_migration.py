"""Campaigns of before packs said what they allow keep going, and take no more than they did."""

from sqlalchemy import Engine, select
from store_subjects import World
from test_audit_migration import at_revision
from test_told_migration import a_campaign

from store import schema
from store.engine import reading, writing
from store.tables import campaign, controller

BEFORE = "0020"
ANY = ["consent", "public_task", "legitimate_interest"]


def test_what_was_prepared_before_takes_the_bases_that_it_took(store: Engine) -> None:
    at_revision(store, BEFORE)
    World(store).controller()
    with writing(store) as connection:
        for pack in ("fr-political@2026.11.26", "fr-commercial@2026.11.26", "fr-public-info@1"):
            a_campaign(connection, "Zoé", pack)
    schema.upgrade(store)
    with reading(store) as connection:
        kept = select(campaign.c.bases, campaign.c.elections, campaign.c.says).order_by(
            campaign.c.id
        )
        assert [tuple(one) for one in connection.execute(kept)] == [
            (["consent"], [], None), (["consent"], [], None), (ANY, [], None),
        ]  # fmt: skip
        assert connection.execute(select(controller.c.public_body)).scalar_one() is False
