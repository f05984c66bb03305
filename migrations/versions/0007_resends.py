"""What was asked to be sent again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "resends",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("resend_of", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("batch_id", sa.Uuid()),
        sa.Column(
            "requested_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_resends"),
    )
    op.create_index("ix_resends_root", "resends", ["root_id", "requested_at"])


def downgrade() -> None:
    op.drop_table("resends")
