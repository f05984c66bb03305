"""The job queue's own tables, and the counters of the throttle."""

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

revision = "0003"
down_revision = "0002"

DROP_QUEUE = """
DO $$
DECLARE thing record;
BEGIN
    FOR thing IN SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relkind = 'r' AND c.relname LIKE 'procrastinate\\_%'
    LOOP EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', thing.name); END LOOP;
    FOR thing IN SELECT p.oid::regprocedure AS name FROM pg_proc p WHERE p.proname LIKE 'procrastinate\\_%'
    LOOP EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', thing.name); END LOOP;
    FOR thing IN SELECT t.oid::regtype AS name FROM pg_type t
        WHERE t.typtype IN ('e', 'c') AND t.typname LIKE 'procrastinate\\_%'
    LOOP EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', thing.name); END LOOP;
END $$
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute(
        text(
            "CREATE UNLOGGED TABLE rate_limits (key text PRIMARY KEY, n integer NOT NULL,"
            " expires double precision NOT NULL)"
        )
    )


def downgrade() -> None:
    op.execute("DROP TABLE rate_limits")
    op.get_bind().exec_driver_sql(DROP_QUEUE.replace("%", "%%"))
