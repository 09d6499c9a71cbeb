"""Who an identity provider says somebody is, and room for a sealed second factor.

Secrets of second factors that were kept plain are sealed when they are used next: this migration
has no key to do it with.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("account") as batch:
        batch.alter_column("totp_secret", existing_type=sa.String(64), type_=sa.Text())
        batch.add_column(sa.Column("identity", sa.Text(), nullable=True))
        batch.create_unique_constraint(op.f("uq_account_identity"), ["identity"])
