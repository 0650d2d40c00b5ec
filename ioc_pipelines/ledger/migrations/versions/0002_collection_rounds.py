"""collection rounds"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collection_round",
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("opened_at", sa.String(), nullable=False),
        sa.Column("deadline", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("round_id"),
    )
    op.create_table(
        "collection_round_feed",
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["collection_round.round_id"]),
        sa.PrimaryKeyConstraint("round_id", "feed"),
    )


def downgrade() -> None:
    op.drop_table("collection_round_feed")
    op.drop_table("collection_round")
