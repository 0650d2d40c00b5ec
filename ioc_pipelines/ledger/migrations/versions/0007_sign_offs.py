"""heads of agencies sign off what was supplied in a month"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_off",
        sa.Column("sign_off_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("is_authenticated", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("signed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sign_off_id"),
    )


def downgrade() -> None:
    op.drop_table("sign_off")
