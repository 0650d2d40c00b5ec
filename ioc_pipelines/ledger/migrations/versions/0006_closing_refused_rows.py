"""refused rows closed by hand, and mails with feedback"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_row_closing",
        sa.Column("closing_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("is_authenticated", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("closing_id"),
    )
    op.create_index("ix_refused_row_closing_ticket", "refused_row_closing", ["ticket"])
    op.create_table(
        "mailing",
        sa.Column("mailing_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("tried_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("mailing_id"),
    )
    op.create_index("ix_mailing_batch_id", "mailing", ["batch_id"])


def downgrade() -> None:
    op.drop_index("ix_mailing_batch_id", "mailing")
    op.drop_table("mailing")
    op.drop_index("ix_refused_row_closing_ticket", "refused_row_closing")
    op.drop_table("refused_row_closing")
