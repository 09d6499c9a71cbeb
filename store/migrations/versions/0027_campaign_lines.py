"""A callback line may speak the message of the campaign that shows its number."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("callback_line") as batch:
        batch.add_column(sa.Column("campaign_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            batch.f("fk_callback_line_campaign_id_campaign"), "campaign", ["campaign_id"], ["id"]
        )
