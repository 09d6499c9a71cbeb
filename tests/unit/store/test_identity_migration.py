"""Accounts of before there were identities keep everything that hangs on them."""

from datetime import UTC, datetime

from sqlalchemy import Engine, func, insert, select, text
from test_audit_migration import at_revision

from store.engine import reading, writing
from store.schema import upgrade
from store.tables import account, account_role, controller, recovery_code, web_session

BEFORE = "0019"
SECRET = "A" * 32
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def test_accounts_keep_their_roles_sessions_and_secrets(store: Engine) -> None:
    at_revision(store, BEFORE)
    with writing(store) as connection:
        connection.execute(insert(controller).values(id=1, name="A", created_at=NOW))
        connection.execute(
            text(
                "INSERT INTO account (id, email, administrator, totp_secret, created_at) "
                "VALUES (1, 'zoe@example.org', :yes, :secret, :now)"
            ).bindparams(yes=True, secret=SECRET, now=int(NOW.timestamp() * 1000))
        )
        connection.execute(
            insert(account_role).values(account_id=1, controller_id=1, role="manager")
        )
        connection.execute(insert(recovery_code).values(account_id=1, digest=b"d"))
        connection.execute(
            insert(web_session).values(
                digest=b"s", account_id=1, awaits_code=False, opened_at=NOW, seen_at=NOW,
                expires_at=NOW,
            )
        )  # fmt: skip
    upgrade(store)
    with reading(store) as connection:
        kept = connection.execute(select(account.c.totp_secret, account.c.identity)).one()
        assert tuple(kept) == (SECRET, None)
        for table in (account_role, recovery_code, web_session):
            found = select(func.count()).select_from(table).where(table.c.account_id == 1)
            assert connection.execute(found).scalar_one() == 1, table.name
    with writing(store) as connection:
        connection.execute(account.update().values(totp_secret="x" * 200, identity="i s"))
