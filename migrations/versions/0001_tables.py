"""The nine tables of the data model, and what the portal adds to them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

AUTH_STATUS = postgresql.ENUM("active", "inactive", name="auth_status", create_type=False)
CREDIT_DECISION = postgresql.ENUM("pending", "approved", "rejected", name="credit_decision", create_type=False)
CREDIT_SCORE_SOURCE = postgresql.ENUM("internal", "external", "manual", name="credit_score_source", create_type=False)
DOCUMENT_TYPE = postgresql.ENUM("ktp", "sim", "npwp", name="document_type", create_type=False)
KYC_STATUS = postgresql.ENUM("pending", "verified", "rejected", "expired", name="kyc_status", create_type=False)
LOAN_STATUS = postgresql.ENUM("pending", "approved", "rejected", name="loan_status", create_type=False)
PAYMENT_STATUS = postgresql.ENUM("pending", "paid", "overdue", name="payment_status", create_type=False)
PROFILE_STATUS = postgresql.ENUM("active", "inactive", name="profile_status", create_type=False)
RISK_LEVEL = postgresql.ENUM("low", "medium", "high", name="risk_level", create_type=False)
STAFF_ROLE = postgresql.ENUM(
    "kyc_reviewer", "credit_analyst", "support_agent", "admin", name="staff_role", create_type=False
)
ENUMS = (
    AUTH_STATUS,
    CREDIT_DECISION,
    CREDIT_SCORE_SOURCE,
    DOCUMENT_TYPE,
    KYC_STATUS,
    LOAN_STATUS,
    PAYMENT_STATUS,
    PROFILE_STATUS,
    RISK_LEVEL,
    STAFF_ROLE,
)


def upgrade() -> None:
    for enum in ENUMS:
        enum.create(op.get_bind())
    op.create_table(
        "audit_events",
        sa.Column("event_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=True),
        sa.Column("of_user", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_role", sa.String(length=32), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("ip", postgresql.INET(), nullable=True),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("once_key", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name="pk_audit_events"),
        sa.UniqueConstraint("once_key", name="uq_audit_events_once_key"),
    )
    op.create_index("ix_audit_events_actor_id", "audit_events", ["actor_id", "at", "event_id"])
    op.create_index("ix_audit_events_at", "audit_events", ["at", "event_id"])
    op.create_index("ix_audit_events_of_user", "audit_events", ["of_user", "at", "event_id"])
    op.create_index("ix_audit_events_subject", "audit_events", ["subject", "at", "event_id"])
    op.create_table(
        "commands",
        sa.Column("command_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("location", sa.String(length=255), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("command_id", name="pk_commands"),
    )
    op.create_table(
        "credit_scores",
        sa.Column("credit_score_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("risk_level", RISK_LEVEL, nullable=True),
        sa.Column("risk_level_reason", sa.Text(), nullable=True),
        sa.Column("internal_score", sa.Integer(), nullable=True),
        sa.Column("internal_score_mandatory", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("external_score", sa.Integer(), nullable=True),
        sa.Column("external_score_mandatory", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("manual_score", sa.Integer(), nullable=True),
        sa.Column("manual_score_mandatory", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("decision", CREDIT_DECISION, server_default="pending", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("external_score BETWEEN 0 AND 1000", name=op.f("ck_credit_scores_external_score")),
        sa.CheckConstraint("internal_score BETWEEN 0 AND 1000", name=op.f("ck_credit_scores_internal_score")),
        sa.CheckConstraint("manual_score BETWEEN 0 AND 1000", name=op.f("ck_credit_scores_manual_score")),
        sa.PrimaryKeyConstraint("credit_score_id", name="pk_credit_scores"),
        sa.UniqueConstraint("loan_id", name="uq_credit_scores_loan_id"),
    )
    op.create_index("ix_credit_scores_user_id", "credit_scores", ["user_id", "created_at", "credit_score_id"])
    op.create_table(
        "loans",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("loan_amount", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("tenor_month", sa.Integer(), nullable=False),
        sa.Column("status", LOAN_STATUS, server_default="pending", nullable=False),
        sa.Column("monthly_installment_amount", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("monthly_installment_due_date", sa.Date(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(approved_at IS NOT NULL) = (status = 'approved') AND (rejected_at IS NOT NULL) = (status = 'rejected') AND (coalesce(length(btrim(rejected_reason)), 0) > 0) = (status = 'rejected')",
            name=op.f("ck_loans_status"),
        ),
        sa.CheckConstraint("loan_amount > 0 AND loan_amount <> 'NaN'", name=op.f("ck_loans_loan_amount")),
        sa.CheckConstraint(
            "monthly_installment_amount > 0 AND monthly_installment_amount <> 'NaN'",
            name=op.f("ck_loans_monthly_installment_amount"),
        ),
        sa.CheckConstraint("tenor_month BETWEEN 1 AND 60", name=op.f("ck_loans_tenor_month")),
        sa.PrimaryKeyConstraint("loan_id", name="pk_loans"),
    )
    op.create_index("ix_loans_user_id", "loans", ["user_id", "created_at", "loan_id"])
    op.create_table(
        "user_kyc",
        sa.Column("kyc_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", KYC_STATUS, server_default="pending", nullable=False),
        sa.Column("document_type", DOCUMENT_TYPE, nullable=False),
        sa.Column("document_number_hash", sa.String(length=255), nullable=False),
        sa.Column("document_front_image_path", sa.String(length=255), nullable=False),
        sa.Column("document_selfie_image_path", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="1", nullable=False),
        sa.Column("has_duplicate", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("expires_at", sa.Date(), nullable=True),
        sa.Column("lease_holder", sa.Uuid(), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("number_tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("number_matched", sa.Boolean(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("(lease_holder IS NULL) = (lease_until IS NULL)", name=op.f("ck_user_kyc_lease")),
        sa.PrimaryKeyConstraint("kyc_id", name="pk_user_kyc"),
    )
    op.create_index("ix_user_kyc_document_number_hash", "user_kyc", ["document_number_hash"])
    op.create_index(
        "ix_user_kyc_expires_at", "user_kyc", ["expires_at"], postgresql_where=sa.text("status = 'verified'")
    )
    op.create_index(
        "ix_user_kyc_flagged",
        "user_kyc",
        ["status", "created_at", "kyc_id"],
        postgresql_where=sa.text("has_duplicate"),
    )
    op.create_index(
        "ix_user_kyc_flagged_type",
        "user_kyc",
        ["status", "document_type", "created_at", "kyc_id"],
        postgresql_where=sa.text("has_duplicate"),
    )
    op.create_index(
        "ix_user_kyc_lease_holder",
        "user_kyc",
        ["lease_holder"],
        postgresql_where=sa.text("lease_holder IS NOT NULL"),
    )
    op.create_index("ix_user_kyc_queue", "user_kyc", ["status", "created_at", "kyc_id"])
    op.create_index("ix_user_kyc_queue_type", "user_kyc", ["status", "document_type", "created_at", "kyc_id"])
    op.create_index("ix_user_kyc_user_id", "user_kyc", ["user_id", "created_at", "kyc_id"])
    op.create_index(
        "ix_user_kyc_verified",
        "user_kyc",
        ["user_id", "document_type"],
        unique=True,
        postgresql_where=sa.text("status = 'verified'"),
    )
    op.create_table(
        "user_profile",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("auth_id", sa.Uuid(), nullable=False),
        sa.Column("fullname", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("phone_number", sa.String(length=20), nullable=True),
        sa.Column("preferences", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("status", PROFILE_STATUS, server_default="active", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_profile"),
    )
    op.create_index("ix_user_profile_auth_id", "user_profile", ["auth_id"])
    op.create_table(
        "users_auth",
        sa.Column("auth_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("phone_number", sa.String(length=20), nullable=True),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("is_biometric_enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("status", AUTH_STATUS, server_default="active", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("auth_id", name="pk_users_auth"),
        sa.UniqueConstraint("email", name="uq_users_auth_email"),
    )
    op.create_table(
        "audit_seals",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_events.event_id"], name="fk_audit_seals_event_id"),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_seals"),
        sa.UniqueConstraint("event_id", name="uq_audit_seals_event_id"),
    )
    op.create_table(
        "auth_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("auth_id", sa.Uuid(), nullable=False),
        sa.Column("refresh_token", sa.String(length=255), nullable=False),
        sa.Column("expired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("ip", postgresql.INET(), nullable=True),
        sa.ForeignKeyConstraint(["auth_id"], ["users_auth.auth_id"], name="fk_auth_sessions_auth_id"),
        sa.PrimaryKeyConstraint("id", name="pk_auth_sessions"),
        sa.UniqueConstraint("refresh_token", name="uq_auth_sessions_refresh_token"),
    )
    op.create_index("ix_auth_sessions_auth_id", "auth_sessions", ["auth_id"])
    op.create_index("ix_auth_sessions_family_id", "auth_sessions", ["family_id"])
    op.create_table(
        "credit_scores_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("credit_score_id", sa.Uuid(), nullable=False),
        sa.Column("credit_score", sa.Integer(), nullable=False),
        sa.Column("credit_score_reason", sa.Text(), nullable=True),
        sa.Column("credit_score_raw", postgresql.JSONB(), nullable=True),
        sa.Column("credit_score_source", CREDIT_SCORE_SOURCE, nullable=False),
        sa.Column(
            "credit_score_updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("credit_score BETWEEN 0 AND 1000", name=op.f("ck_credit_scores_list_credit_score")),
        sa.ForeignKeyConstraint(
            ["credit_score_id"],
            ["credit_scores.credit_score_id"],
            name="fk_credit_scores_list_credit_score_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_credit_scores_list"),
    )
    op.create_index(
        "ix_credit_scores_list_credit_score_id",
        "credit_scores_list",
        ["credit_score_id", "credit_score_updated_at", "id"],
    )
    op.create_table(
        "kyc_decisions",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("kyc_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", KYC_STATUS, nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column(
            "decided_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("checklist", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("number_unreadable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("duplicates", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column(
            "reason_codes",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
        ),
        sa.Column("customer_text", sa.Text(), nullable=True),
        sa.Column("internal_note", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("expired_kyc_id", sa.Uuid(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("verdict <> 'pending'", name=op.f("ck_kyc_decisions_verdict")),
        sa.ForeignKeyConstraint(["kyc_id"], ["user_kyc.kyc_id"], name="fk_kyc_decisions_kyc_id"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_kyc_decisions"),
    )
    op.create_index("ix_kyc_decisions_decided_by", "kyc_decisions", ["decided_by", "decided_at"])
    op.create_index("ix_kyc_decisions_kyc_id", "kyc_decisions", ["kyc_id", "decided_at"])
    op.create_table(
        "loans_payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("payment_amount", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("payment_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", PAYMENT_STATUS, server_default="pending", nullable=False),
        sa.Column("sequence_number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(payment_date IS NOT NULL) = (status = 'paid')", name=op.f("ck_loans_payments_payment_date")
        ),
        sa.CheckConstraint(
            "payment_amount > 0 AND payment_amount <> 'NaN'", name=op.f("ck_loans_payments_payment_amount")
        ),
        sa.CheckConstraint("sequence_number >= 1", name=op.f("ck_loans_payments_sequence_number")),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.loan_id"], name="fk_loans_payments_loan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_loans_payments"),
        sa.UniqueConstraint("loan_id", "sequence_number", name="uq_loans_payments_loan_id_sequence_number"),
    )
    op.create_table(
        "loans_review_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("old_data", postgresql.JSONB(), nullable=False),
        sa.Column("new_data", postgresql.JSONB(), nullable=False),
        sa.Column("status", LOAN_STATUS, nullable=False),
        sa.Column("credit_score", sa.Integer(), nullable=True),
        sa.Column("credit_score_reason", sa.Text(), nullable=True),
        sa.Column("credit_score_source", CREDIT_SCORE_SOURCE, nullable=True),
        sa.Column("credit_score_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.loan_id"], name="fk_loans_review_history_loan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_loans_review_history"),
    )
    op.create_index("ix_loans_review_history_loan_id", "loans_review_history", ["loan_id", "created_at", "id"])
    op.create_table(
        "staff_members",
        sa.Column("auth_id", sa.Uuid(), nullable=False),
        sa.Column("role", STAFF_ROLE, nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("preferences", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["auth_id"], ["users_auth.auth_id"], name="fk_staff_members_auth_id"),
        sa.PrimaryKeyConstraint("auth_id", name="pk_staff_members"),
    )
    op.create_table(
        "staff_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("auth_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["auth_id"], ["users_auth.auth_id"], name="fk_staff_tokens_auth_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_staff_tokens"),
    )
    op.create_index("ix_staff_tokens_auth_id", "staff_tokens", ["auth_id"])


def downgrade() -> None:
    for table in (
        "staff_tokens",
        "staff_members",
        "loans_review_history",
        "loans_payments",
        "kyc_decisions",
        "credit_scores_list",
        "auth_sessions",
        "audit_seals",
        "users_auth",
        "user_profile",
        "user_kyc",
        "loans",
        "credit_scores",
        "commands",
        "audit_events",
    ):
        op.drop_table(table)
    for enum in ENUMS:
        enum.drop(op.get_bind())
