"""The tables of the data model, exactly as it names them, and the way there and back."""

import re
from collections import defaultdict

import pytest
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.kyc.models import DocumentType, KycStatus
from portal.loans.models import PaymentStatus
from portal.notifications.resends.models import BatchState, ItemResult
from portal.permissions import Role
from portal.shared.vocabulary import Activity, Decision, RiskLevel, ScoreSource
from tests.portals import another_portal
from tests.stores import another_database

TABLES = {
    "users_auth": """
        auth_id               UUID
        email                 VARCHAR(255)
        phone_number          VARCHAR(20)
        password_hash         VARCHAR(255)
        is_biometric_enabled  BOOLEAN
        status                ENUM: active, inactive
        created_at            TIMESTAMP
        updated_at            TIMESTAMP
    """,
    "auth_sessions": """
        id             UUID
        auth_id        UUID
        refresh_token  VARCHAR(255)
        expired_at     TIMESTAMP
        created_at     TIMESTAMP
        updated_at     TIMESTAMP
    """,
    "user_profile": """
        id            UUID
        auth_id       UUID
        fullname      VARCHAR(255)
        email         VARCHAR(255)
        phone_number  VARCHAR(20)
        preferences   JSONB
        status        ENUM: active, inactive
        created_at    TIMESTAMP
        updated_at    TIMESTAMP
        deleted_at    TIMESTAMP
    """,
    "user_kyc": """
        kyc_id                      UUID
        user_id                     UUID
        status                      ENUM: pending, verified, rejected, expired
        document_type               ENUM: ktp, sim, npwp
        document_number_hash        VARCHAR(255)
        document_front_image_path   VARCHAR(255)
        document_selfie_image_path  VARCHAR(255)
        created_at                  TIMESTAMP
        updated_at                  TIMESTAMP
    """,
    "loans": """
        loan_id                       UUID
        user_id                       UUID
        loan_amount                   DECIMAL(10, 2)
        tenor_month                   INT
        status                        ENUM: pending, approved, rejected
        monthly_installment_amount    DECIMAL(10, 2)
        monthly_installment_due_date  DATE
        approved_at                   TIMESTAMP
        rejected_at                   TIMESTAMP
        rejected_reason               TEXT
        created_at                    TIMESTAMP
        updated_at                    TIMESTAMP
    """,
    "loans_payments": """
        id               UUID
        loan_id          UUID
        payment_amount   DECIMAL(10, 2)
        payment_date     TIMESTAMP
        status           ENUM: pending, paid, overdue
        sequence_number  INT
        created_at       TIMESTAMP
        updated_at       TIMESTAMP
    """,
    "loans_review_history": """
        id                       UUID
        loan_id                  UUID
        old_data                 JSONB
        new_data                 JSONB
        status                   ENUM: pending, approved, rejected
        credit_score             INT
        credit_score_reason      TEXT
        credit_score_source      ENUM: internal, external, manual
        credit_score_updated_at  TIMESTAMP
        created_at               TIMESTAMP
        updated_at               TIMESTAMP
    """,
    "credit_scores": """
        credit_score_id           UUID
        user_id                   UUID
        loan_id                   UUID
        risk_level                ENUM: low, medium, high
        risk_level_reason         TEXT
        internal_score            INT
        internal_score_mandatory  BOOLEAN
        external_score            INT
        external_score_mandatory  BOOLEAN
        manual_score              INT
        manual_score_mandatory    BOOLEAN
        decision                  ENUM: pending, approved, rejected
        created_at                TIMESTAMP
        updated_at                TIMESTAMP
    """,
    "credit_scores_list": """
        id                       UUID
        credit_score_id          UUID
        credit_score             INT
        credit_score_reason      TEXT
        credit_score_raw         JSONB
        credit_score_source      ENUM: internal, external, manual
        credit_score_updated_at  TIMESTAMP
    """,
}
POSTGRES = {
    "UUID": "uuid",
    "VARCHAR(255)": "character varying(255)",
    "VARCHAR(20)": "character varying(20)",
    "TEXT": "text",
    "INT": "integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "JSONB": "jsonb",
    "DECIMAL(10, 2)": "numeric(10,2)",
    "TIMESTAMP": "timestamp with time zone",
}
KEYS = {
    ("auth_sessions", "auth_id", "users_auth", "auth_id"),
    ("loans_payments", "loan_id", "loans", "loan_id"),
    ("loans_review_history", "loan_id", "loans", "loan_id"),
    ("credit_scores_list", "credit_score_id", "credit_scores", "credit_score_id"),
}
ENUMS = {
    "auth_status": Activity,
    "profile_status": Activity,
    "kyc_status": KycStatus,
    "document_type": DocumentType,
    "loan_status": Decision,
    "payment_status": PaymentStatus,
    "credit_score_source": ScoreSource,
    "risk_level": RiskLevel,
    "credit_decision": Decision,
    "staff_role": Role,
    "batch_state": BatchState,
    "item_result": ItemResult,
}
COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), t.typtype = 'e',
        (SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
"""
FOREIGN = """
    SELECT conrelid::regclass::text, here.attname, confrelid::regclass::text, there.attname, cardinality(conkey)
    FROM pg_constraint
        JOIN pg_attribute here ON here.attrelid = conrelid AND here.attnum = conkey[1]
        JOIN pg_attribute there ON there.attrelid = confrelid AND there.attnum = confkey[1]
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""
# Everything in the schema but what an extension brought along.
THINGS = """
    SELECT kind || ' ' || name FROM (
        SELECT 'relation' AS kind, relname AS name, oid, 'pg_class'::regclass AS catalog FROM pg_class
            WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT 'type', typname, oid, 'pg_type'::regclass FROM pg_type
            WHERE typnamespace = 'public'::regnamespace AND typname !~ '^_' AND typname !~ '^alembic_version'
        UNION ALL SELECT 'function', proname, oid, 'pg_proc'::regclass FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'trigger', tgname, oid, 'pg_trigger'::regclass FROM pg_trigger WHERE NOT tgisinternal
    ) things
    WHERE NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = catalog AND d.objid = things.oid AND d.deptype = 'e')
    ORDER BY 1
"""


def rows(engine, statement):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


@pytest.fixture(scope="module")
def columns(superuser):
    """table → column → its type as the data model writes types."""
    found = defaultdict(dict)
    for table, column, kind, is_enum, values in rows(superuser, COLUMNS):
        found[table][column] = f"ENUM: {values}" if is_enum else kind
    return found


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_as_the_data_model_writes_it(columns, table):
    for line in TABLES[table].strip().splitlines():
        name, kind = re.split(" {2,}", line.strip())
        assert columns[table].get(name) == POSTGRES.get(kind, kind), name


def test_no_time_is_kept_without_a_zone_and_no_money_as_a_float(columns):
    kinds = {kind for table in columns if not table.startswith("procrastinate") for kind in columns[table].values()}
    assert not kinds & {"timestamp without time zone", "real", "money", "json", "time without time zone"}
    floats = [(table, name) for table in columns for name, kind in columns[table].items() if kind == "double precision"]
    assert floats == [("rate_limits", "expires")]


def test_a_foreign_key_stays_within_its_context(superuser):
    keys = rows(superuser, FOREIGN)
    assert {key[4] for key in keys} == {1}
    assert {key[:4] for key in keys if key[0] in TABLES} == KEYS
    added = {key[:4] for key in keys if key[0] not in TABLES and not key[0].startswith("procrastinate_")}
    assert added == {
        ("staff_members", "auth_id", "users_auth", "auth_id"),
        ("staff_tokens", "auth_id", "users_auth", "auth_id"),
        ("webauthn_credentials", "auth_id", "users_auth", "auth_id"),
        ("audit_seals", "event_id", "audit_events", "event_id"),
        ("kyc_decisions", "kyc_id", "user_kyc", "kyc_id"),
        ("resend_batch_items", "batch_id", "resend_batches", "batch_id"),
    }


def test_every_enum_of_the_store_is_one_of_ours_value_by_value(superuser):
    statement = """
        SELECT typname, string_agg(enumlabel, ' ' ORDER BY enumsortorder)
        FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid WHERE typname !~ '^procrastinate' GROUP BY typname
    """
    assert dict(rows(superuser, statement)) == {name: " ".join(enum) for name, enum in ENUMS.items()}


@pytest.fixture(scope="module")
def new_database(environment, portal, servers):
    """A portal on a database that nobody has migrated, and its superuser's way in."""
    urls = {name: environment[name].replace("/portal?", "/anew?") for name in ("DATABASE_URL", "MIGRATION_URL")}
    with another_database(servers, "anew") as engine, another_portal({**environment, **urls}) as anew:
        yield anew, engine


@pytest.mark.slow
def test_the_migrations_lead_there_and_back_and_leave_nothing(new_database):
    anew, engine = new_database
    with anew.app_context():
        assert rows(engine, THINGS) == []
        upgrade()
        built = rows(engine, THINGS)
        assert {f"relation {table}" for table in TABLES} <= {thing for [thing] in built}
        downgrade(revision="base")
        left = [thing for [thing] in rows(engine, THINGS)]
        assert left == ["relation alembic_version", "relation alembic_version_pkc"]
        upgrade()
        assert [thing for thing in rows(engine, THINGS) if "alembic" not in thing[0]] == [
            thing for thing in built if "alembic" not in thing[0]
        ]
        check()


@pytest.mark.slow
def test_each_step_back_can_be_taken_alone(new_database):
    anew, engine = new_database
    with anew.app_context():
        upgrade()
        while rows(engine, "SELECT version_num FROM alembic_version") != [("0001",)]:
            before = rows(engine, THINGS)
            downgrade(revision="-1")
            upgrade(revision="+1")
            assert rows(engine, THINGS) == before
            downgrade(revision="-1")
        upgrade()
        check()


@pytest.mark.slow
def test_a_model_that_no_migration_made_is_noticed(new_database):
    anew, engine = new_database
    with anew.app_context():
        upgrade()
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE loans RENAME COLUMN tenor_month TO tenor"))
        with pytest.raises(SystemExit):
            check()
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE loans RENAME COLUMN tenor TO tenor_month"))
        check()


def test_the_models_and_the_store_agree(portal):
    with portal.app_context():
        check()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO loans (loan_id, user_id, loan_amount, tenor_month, monthly_installment_amount,"
        " monthly_installment_due_date) VALUES (gen_random_uuid(), gen_random_uuid(), {0}, 6, 100, now())",
        "INSERT INTO loans (loan_id, user_id, loan_amount, tenor_month, monthly_installment_amount,"
        " monthly_installment_due_date) VALUES (gen_random_uuid(), gen_random_uuid(), 100, 6, {0}, now())",
    ],
)
@pytest.mark.parametrize("amount", ["'NaN'", "0", "-1", "100000000", "'Infinity'", "NULL"])
def test_no_amount_that_is_none_is_kept(app, superuser, statement, amount):
    with superuser.begin() as connection, pytest.raises(DBAPIError, match=r"violates|overflow"):
        connection.execute(text(statement.format(amount)))
