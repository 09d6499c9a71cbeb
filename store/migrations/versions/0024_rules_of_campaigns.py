"""What a campaign was prepared under: its pack's text, bases, elections, order; public bodies."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ANY = '["consent", "public_task", "legitimate_interest"]'


def upgrade() -> None:
    op.add_column("campaign", sa.Column("pack_sha256", sa.String(length=64), nullable=True))
    op.add_column("campaign", sa.Column("bases", sa.JSON(), nullable=False, server_default=_ANY))
    op.add_column(
        "campaign", sa.Column("elections", sa.JSON(), nullable=False, server_default="[]")
    )
    op.add_column("campaign", sa.Column("no_election_by", sa.Text(), nullable=True))
    op.add_column("campaign", sa.Column("signatory", sa.Text(), nullable=True))
    op.add_column("campaign", sa.Column("says", sa.JSON(none_as_null=True), nullable=True))
    op.add_column(
        "controller",
        sa.Column("public_body", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    # They took nothing but consent before, as nothing else is proved row by row.
    op.execute(
        "UPDATE campaign SET bases = '[\"consent\"]' "
        "WHERE pack LIKE 'fr-political@%' OR pack LIKE 'fr-commercial@%'"
    )
