"""Passkeys, the challenges they answer, and session tokens that are replaced while the session goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "webauthn_credentials",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("auth_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["auth_id"], ["users_auth.auth_id"], name="fk_webauthn_credentials_auth_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webauthn_credentials"),
        sa.UniqueConstraint("credential_id", name="uq_webauthn_credentials_credential_id"),
    )
    op.create_index("ix_webauthn_credentials_auth_id", "webauthn_credentials", ["auth_id"])
    op.create_table(
        "webauthn_challenges",
        sa.Column("challenge_hash", sa.String(length=64), nullable=False),
        sa.Column("auth_id", sa.Uuid()),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name="pk_webauthn_challenges"),
    )
    op.create_index("ix_webauthn_challenges_expires_at", "webauthn_challenges", ["expires_at"])
    op.add_column(
        "auth_sessions",
        sa.Column(
            "renew_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now() + interval '15 minutes'"),
            nullable=False,
        ),
    )
    op.add_column("auth_sessions", sa.Column("replaced_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE auth_sessions SET family_id = id")
    op.execute(
        "UPDATE users_auth a SET is_biometric_enabled = false FROM staff_members m"
        " WHERE m.auth_id = a.auth_id AND a.is_biometric_enabled"
    )


def downgrade() -> None:
    op.execute("DELETE FROM auth_sessions WHERE replaced_at IS NOT NULL")
    op.drop_column("auth_sessions", "replaced_at")
    op.drop_column("auth_sessions", "renew_at")
    op.drop_table("webauthn_challenges")
    op.drop_table("webauthn_credentials")
