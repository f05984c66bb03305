"""Messages that are sent again many at a time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

STATE = postgresql.ENUM("counting", "counted", "running", "done", "cancelled", name="batch_state", create_type=False)
RESULT = postgresql.ENUM("selected", "ready", "queued", "skipped", name="item_result", create_type=False)


def upgrade() -> None:
    for enum in (STATE, RESULT):
        enum.create(op.get_bind())
    op.create_table(
        "resend_batches",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column(
            "requested_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("state", STATE, server_default="counting", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("filters", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("selected", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("needs_reason", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("confirmed", sa.Integer()),
        sa.Column("confirmed_by", sa.Uuid()),
        sa.Column("confirmed_as", sa.String(32)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("batch_id", name="pk_resend_batches"),
    )
    op.create_index("ix_resend_batches_newest", "resend_batches", ["requested_at", "batch_id"])
    op.create_table(
        "resend_batch_items",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", RESULT, server_default="selected", nullable=False),
        sa.Column("code", sa.String(16)),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("copy_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("batch_id", "message_id", name="pk_resend_batch_items"),
        sa.UniqueConstraint("batch_id", "root_id", name="uq_resend_batch_items_batch_id_root_id"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["resend_batches.batch_id"], name="fk_resend_batch_items_batch_id_resend_batches"
        ),
        sa.CheckConstraint("(result = 'queued') = (copy_id IS NOT NULL)", name="ck_resend_batch_items_queued"),
    )
    op.create_index("ix_resends_once_in_a_batch", "resends", ["batch_id", "root_id"], unique=True)
    place = ["written_at", "message_id"]
    op.create_index("ix_resend_batch_items_place", "resend_batch_items", ["batch_id", *place])
    op.create_index("ix_resend_batch_items_result", "resend_batch_items", ["batch_id", "result", *place])


def downgrade() -> None:
    op.drop_index("ix_resends_once_in_a_batch", "resends")
    op.drop_table("resend_batch_items")
    op.drop_table("resend_batches")
    for enum in (RESULT, STATE):
        enum.drop(op.get_bind())
