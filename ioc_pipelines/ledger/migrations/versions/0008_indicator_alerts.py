"""alerts about indicators: what became of each, and who was told"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "indicator_alert_event",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("event_no", sa.Integer(), nullable=False),
        sa.Column("indicator_code", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("kinds", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("period_type", sa.String()),
        sa.Column("period_start", sa.String()),
        sa.Column("value", sa.Float()),
        sa.Column("bound", sa.Float()),
        sa.Column("due_on", sa.String()),
        sa.Column("document", sa.String()),
        sa.Column("reason", sa.String()),
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "event_no"),
    )
    op.create_table(
        "alert_notification",
        sa.Column("notification_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("tried_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("notification_id"),
    )
    op.create_index(op.f("ix_alert_notification_alert_id"), "alert_notification", ["alert_id"])


def downgrade() -> None:
    op.drop_table("alert_notification")
    op.drop_table("indicator_alert_event")
