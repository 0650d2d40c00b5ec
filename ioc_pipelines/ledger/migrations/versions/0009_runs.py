"""runs that ended, and who was told of those that failed"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "run_notification",
        sa.Column("notification_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("tried_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("notification_id"),
    )
    op.create_index(op.f("ix_run_notification_run_id"), "run_notification", ["run_id"])


def downgrade() -> None:
    op.drop_table("run_notification")
    op.drop_table("run")
