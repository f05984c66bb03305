"""Customers by name, however it is typed, and newest first."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_index(
        "ix_user_profile_fullname",
        "user_profile",
        [sa.text("lower(fullname) gin_trgm_ops")],
        postgresql_using="gin",
    )
    op.create_index(
        "ix_user_profile_newest", "user_profile", ["created_at", "id"], postgresql_where=sa.text("deleted_at IS NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_user_profile_newest", "user_profile")
    op.drop_index("ix_user_profile_fullname", "user_profile")
