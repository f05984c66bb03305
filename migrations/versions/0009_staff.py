"""A version for members of staff, and the indexes of the staff list and of the audit page."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("staff_members", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.create_index("ix_staff_members_newest", "staff_members", ["created_at", "auth_id"])
    op.create_index("ix_audit_events_actor_action", "audit_events", ["actor_id", "action", "at", "event_id"])


def downgrade() -> None:
    op.drop_index("ix_audit_events_actor_action", "audit_events")
    op.drop_index("ix_staff_members_newest", "staff_members")
    op.drop_column("staff_members", "version")
