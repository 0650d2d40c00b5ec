"""sizes in bytes beyond 2 GiB, which PostgreSQL counts in a wider type"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SIZES = (("delivery", "bytes_landed"), ("snapshot", "bytes"))


def upgrade() -> None:
    _retype(sa.BigInteger())


def downgrade() -> None:
    _retype(sa.Integer())


def _retype(kind: sa.types.TypeEngine[int]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _SIZES:
            op.alter_column(table, column, type_=kind)
