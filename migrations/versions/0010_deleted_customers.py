"""Submissions of deleted customers stand in no queue: its indexes hold none; customers by how their names begin."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

QUEUES = {
    "ix_user_kyc_queue": (["status", "created_at", "kyc_id"], ""),
    "ix_user_kyc_queue_type": (["status", "document_type", "created_at", "kyc_id"], ""),
    "ix_user_kyc_flagged": (["status", "created_at", "kyc_id"], "has_duplicate"),
    "ix_user_kyc_flagged_type": (["status", "document_type", "created_at", "kyc_id"], "has_duplicate"),
}
IS_LISTED = "withdrawn_at IS NULL"


def upgrade() -> None:
    op.create_index(
        "ix_user_profile_name",
        "user_profile",
        [sa.text("lower(fullname) text_pattern_ops"), "id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.add_column("user_kyc", sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
    for name, (columns, where) in QUEUES.items():
        op.drop_index(name, "user_kyc")
        is_in = f"{where} AND {IS_LISTED}" if where else IS_LISTED
        op.create_index(name, "user_kyc", columns, postgresql_where=sa.text(is_in))


def downgrade() -> None:
    for name, (columns, where) in QUEUES.items():
        op.drop_index(name, "user_kyc")
        op.create_index(name, "user_kyc", columns, postgresql_where=sa.text(where) if where else None)
    op.drop_column("user_kyc", "withdrawn_at")
    op.drop_index("ix_user_profile_name", "user_profile")
