"""Due dates and references of installments, versions, the indexes of the loan list and of the search."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

LISTS = {
    "ix_loans_newest": ["created_at", "loan_id"],
    "ix_loans_status": ["status", "created_at", "loan_id"],
    "ix_loans_tenor": ["tenor_month", "created_at", "loan_id"],
    "ix_loans_status_tenor": ["status", "tenor_month", "created_at", "loan_id"],
}


def upgrade() -> None:
    op.create_index("ix_user_profile_email", "user_profile", [sa.text("lower(email)")])
    op.create_index("ix_user_profile_phone_number", "user_profile", ["phone_number"])
    op.add_column("loans", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("loans", sa.Column("reminded_on", sa.Date()))
    for name, columns in LISTS.items():
        op.create_index(name, "loans", columns)
    op.add_column("loans_payments", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("loans_payments", sa.Column("reference", sa.String(64)))
    op.add_column("loans_payments", sa.Column("due_date", sa.Date()))
    op.execute(
        "UPDATE loans_payments p SET due_date = l.monthly_installment_due_date"
        " + make_interval(months => p.sequence_number - 1) FROM loans l WHERE l.loan_id = p.loan_id"
    )
    op.execute("UPDATE loans_payments SET reference = id::text WHERE status = 'paid'")
    op.alter_column("loans_payments", "due_date", nullable=False)
    op.create_unique_constraint("uq_loans_payments_reference", "loans_payments", ["reference"])
    op.create_index(
        "ix_loans_payments_due", "loans_payments", ["due_date", "id"], postgresql_where=sa.text("status = 'pending'")
    )
    op.drop_constraint("ck_loans_payments_payment_date", "loans_payments")
    op.create_check_constraint(
        "payment_date",
        "loans_payments",
        "(payment_date IS NOT NULL) = (status = 'paid') AND (reference IS NOT NULL) = (status = 'paid')",
    )
    for column in ("created_at", "updated_at"):
        op.alter_column("loans_review_history", column, server_default=sa.text("clock_timestamp()"))


def downgrade() -> None:
    for column in ("created_at", "updated_at"):
        op.alter_column("loans_review_history", column, server_default=sa.text("now()"))
    op.drop_constraint("ck_loans_payments_payment_date", "loans_payments")
    op.create_check_constraint("payment_date", "loans_payments", "(payment_date IS NOT NULL) = (status = 'paid')")
    op.drop_index("ix_loans_payments_due", "loans_payments")
    for column in ("due_date", "reference", "version"):
        op.drop_column("loans_payments", column)
    for name in LISTS:
        op.drop_index(name, "loans")
    for column in ("reminded_on", "version"):
        op.drop_column("loans", column)
    op.drop_index("ix_user_profile_phone_number", "user_profile")
    op.drop_index("ix_user_profile_email", "user_profile")
