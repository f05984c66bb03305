"""Migrations run as the owner (MIGRATION_URL); afterwards the application's role gets exactly what it needs."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, create_engine, text

from portal.shared.database import db

APPEND_ONLY = ("audit_events", "audit_seals", "loans_review_history", "credit_scores_list")


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """The job queue looks after its own tables."""
    return not (kind == "table" and name and (name.startswith("procrastinate_") or name == "rate_limits"))


def grant(connection: Connection, role: str) -> None:
    """Reads and writes for the application's role, but no DDL, and on the append-only tables no change."""
    quoted = connection.dialect.identifier_preparer.quote(role)
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {quoted}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}",
    ):
        connection.execute(text(statement))
    for table in APPEND_ONLY:
        if connection.scalar(text("SELECT to_regclass(:name)"), {"name": table}):
            connection.execute(text(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {quoted}"))


def run() -> None:
    owner = create_engine(current_app.config["MIGRATION_URL"])
    role = current_app.config["APPLICATION_ROLE"]
    with owner.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            include_name=is_ours,
            transaction_per_migration=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    with owner.begin() as connection:
        if role != owner.url.username:
            grant(connection, role)
    owner.dispose()


run()
