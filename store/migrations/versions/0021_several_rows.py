"""What other rows of a number add to its consent, the columns of an import, and neutral gates."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("target", sa.Column("other_slots", sa.Text(), nullable=True))
    op.add_column("target", sa.Column("other_expires_on", sa.Date(), nullable=True))
    op.add_column("contact_list", sa.Column("mapping", sa.JSON(), nullable=True))
    # Whose call it was nobody knows any more: it may have been another controller's.
    op.execute(
        "UPDATE target SET gate = 'temporarily_not_callable' WHERE gate = 'live_call_on_number'"
    )
