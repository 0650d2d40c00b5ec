"""approvals; of a delivery its submitter and newest event, of a snapshot when it was published"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("submitted_by", sa.String(), nullable=True))
    op.add_column("delivery", sa.Column("newest_event", sa.String(), nullable=True))
    op.add_column("snapshot", sa.Column("published_at", sa.String(), nullable=True))
    op.create_table(
        "approval",
        sa.Column("approval_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("is_authenticated", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("decided_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"]),
        sa.PrimaryKeyConstraint("approval_id"),
    )
    op.create_index("ix_approval_batch_id", "approval", ["batch_id"])


def downgrade() -> None:
    op.drop_index("ix_approval_batch_id", "approval")
    op.drop_table("approval")
    op.drop_column("snapshot", "published_at")
    op.drop_column("delivery", "newest_event")
    op.drop_column("delivery", "submitted_by")
