"""What the home pages count and lead to: decisions by person and day, rejections, decided scores, overdue installments."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

MADE = "undone_at IS NULL AND verdict <> 'expired'"
INDEXES = (
    ("ix_kyc_decisions_made", "kyc_decisions", ["decided_at", "decision_id"], MADE),
    ("ix_kyc_decisions_made_by", "kyc_decisions", ["decided_by", "decided_at", "decision_id"], MADE),
    (
        "ix_kyc_decisions_rejected",
        "kyc_decisions",
        ["decided_at", "decision_id"],
        "undone_at IS NULL AND verdict = 'rejected'",
    ),
    (
        "ix_credit_scores_ready",
        "credit_scores",
        ["created_at", "credit_score_id"],
        "decision = 'pending' AND risk_level IS NOT NULL",
    ),
    (
        "ix_credit_scores_decided_by",
        "credit_scores",
        ["decided_by", "decided_at", "credit_score_id"],
        "decision <> 'pending'",
    ),
    ("ix_loans_payments_overdue", "loans_payments", ["due_date", "id"], "status = 'overdue'"),
)


def upgrade() -> None:
    op.drop_index("ix_kyc_decisions_decided_by", "kyc_decisions")
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(where))


def downgrade() -> None:
    for name, table, *_ in reversed(INDEXES):
        op.drop_index(name, table)
    op.create_index("ix_kyc_decisions_decided_by", "kyc_decisions", ["decided_by", "decided_at"])
