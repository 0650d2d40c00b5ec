"""rehearsals of a restore"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restore_drill",
        sa.Column("drill_id", sa.String(), nullable=False),
        sa.Column("backup_id", sa.String()),
        sa.Column("backup_taken_at", sa.String()),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("files", sa.Integer()),
        sa.Column("bytes", sa.BigInteger()),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("drill_id"),
    )


def downgrade() -> None:
    op.drop_table("restore_drill")
