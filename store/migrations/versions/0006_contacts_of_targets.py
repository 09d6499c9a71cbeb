"""A contact's targets are found by an index, so that a list can be removed."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_target_contact_id", "target", ["contact_id"])
