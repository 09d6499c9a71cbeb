"""Contacts are found by their lines: an import keeps them by number, not in their file's order."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contact_list_id_line", "contact", ["list_id", "line"])
