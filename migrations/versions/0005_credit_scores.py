"""Versions and decisions of credit scores, what their vendors say, who entered a score, and the indexes of the list."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

LEVEL = postgresql.ENUM("low", "medium", "high", name="risk_level", create_type=False)
PENDING = "decision = 'pending'"
LACKS = {s: f"{s}_score_mandatory AND {s}_score IS NULL" for s in ("internal", "external", "manual")}
SERVICES = f"(({LACKS['internal']}) OR ({LACKS['external']}))"
TURNS = {
    "analyst": f"{PENDING} AND NOT {SERVICES}",
    "services": f"{PENDING} AND {SERVICES}",
    **{source: f"{PENDING} AND {lack}" for source, lack in LACKS.items()},
}
PLACE = ["created_at", "credit_score_id"]


def columns() -> list[sa.Column]:
    return [
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("vendor_risk_level", LEVEL),
        sa.Column("vendor_levels", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("message_id", sa.Uuid()),
    ]


def upgrade() -> None:
    for column in columns():
        op.add_column("credit_scores", column)
    op.create_index("ix_audit_events_action", "audit_events", ["action", "at", "event_id"])
    op.add_column("credit_scores_list", sa.Column("entered_by", sa.Uuid()))
    for name, leading in (("decision", ["decision"]), ("decision_risk", ["decision", "risk_level"])):
        op.create_index(
            f"ix_credit_scores_{name}",
            "credit_scores",
            [*leading, *PLACE],
            postgresql_where=sa.text("decision <> 'pending'"),
        )
    op.create_index(
        "ix_credit_scores_analyst_risk",
        "credit_scores",
        ["risk_level", *PLACE],
        postgresql_where=sa.text(TURNS["analyst"]),
    )
    for turn, where in TURNS.items():
        op.create_index(f"ix_credit_scores_{turn}", "credit_scores", PLACE, postgresql_where=sa.text(where))
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credit_scores_list"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER append_only ON credit_scores_list")
    for name in (*TURNS, "analyst_risk", "decision_risk", "decision"):
        op.drop_index(f"ix_credit_scores_{name}", "credit_scores")
    op.drop_column("credit_scores_list", "entered_by")
    op.drop_index("ix_audit_events_action", "audit_events")
    for column in columns():
        op.drop_column("credit_scores", column.name)
