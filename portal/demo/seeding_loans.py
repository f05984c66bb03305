"""Loans at size, made inside Postgres: three for every two customers, with installments and history."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from portal.demo.seeding_scores import ENTRIES, SCORED, SCORES, seed_evaluations
from portal.demo.staff import BAGAS, MAYA
from portal.shared.database import db

BATCH = 20_000
NOBODY = UUID(int=0)

# Every fact follows from the customer's id: his loans are the same whatever the size. One installment in forty is paid.
_MADE = """
    WITH chosen AS (
        SELECT id AS user_id, abs(hashtext(id::text)::bigint) AS n FROM user_profile WHERE id > :after AND id <= :last
    ), made AS (
        SELECT md5('loan' || user_id || k)::uuid AS loan_id, user_id, n / k AS n,
               date_trunc('second', CAST(:now AS timestamptz)) - interval '700 days'
                   + (n / k % 60000000) * interval '1 second' AS at,
               (100000 + n / k % 49900 * 1000)::numeric(10, 2) AS amount,
               (ARRAY[3, 6, 6, 9, 9, 12, 12])[1 + n / k % 7] AS tenor,
               CASE WHEN n / k % 20 < 3 THEN 'pending' WHEN n / k % 20 < 5 THEN 'rejected' ELSE 'approved' END AS status
        FROM chosen, generate_series(1, 1 + (n % 2)::int) AS k
    ), loan AS (
        SELECT *, trunc(amount / tenor, 2) AS monthly, (at AT TIME ZONE 'Asia/Jakarta')::date + 20 AS first_due,
               CASE WHEN status <> 'pending' THEN at + interval '1 day' END AS decided_at,
               CASE WHEN status = 'rejected' THEN 'SCORE_BELOW_POLICY' END AS reason
        FROM made
    ), line AS (
        SELECT loan.*, s AS number, (first_due + make_interval(months => s - 1))::date AS due_date,
               CASE WHEN s = tenor THEN amount - monthly * (tenor - 1) ELSE monthly END AS line_amount,
               s = 1 AND n % 6 = 0 AS is_paid, decided_at + interval '9 days' AS paid_at,
               'SEED-' || left(md5(loan_id::text || s), 20) AS reference
        FROM loan, generate_series(1, tenor) AS s WHERE status = 'approved'
    )
"""
_LOANS = """
    INSERT INTO loans (loan_id, user_id, loan_amount, tenor_month, status, monthly_installment_amount,
        monthly_installment_due_date, approved_at, rejected_at, rejected_reason, created_at, updated_at)
    SELECT loan_id, user_id, amount, tenor, status::loan_status, monthly, first_due,
        CASE WHEN status = 'approved' THEN decided_at END, CASE WHEN status = 'rejected' THEN decided_at END, reason,
        at, coalesce(decided_at, at) FROM loan
"""
_PAYMENTS = """
    INSERT INTO loans_payments (id, loan_id, sequence_number, payment_amount, due_date, status, payment_date, reference,
        created_at, updated_at)
    SELECT md5('payment' || loan_id || number)::uuid, loan_id, number, line_amount, due_date,
        CASE WHEN is_paid THEN 'paid' WHEN due_date < CAST(:now AS timestamptz) THEN 'overdue' ELSE 'pending'
            END::payment_status,
        CASE WHEN is_paid THEN paid_at END, CASE WHEN is_paid THEN reference END, decided_at, decided_at FROM line
"""
_META = (
    "jsonb_build_object('event', {event}, 'actor_id', {actor}, 'actor_role', {role}, 'reason_codes', {codes},"
    " 'note', null)"
)
_UTC = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS"Z"')"""
_MONEY = "to_char({}, 'FM99999990.00')"
_SUBMITTED = f"""
    SELECT md5('submitted' || loan_id)::uuid, loan_id, '{{}}'::jsonb, jsonb_build_object('loan', jsonb_build_object(
        'user_id', user_id, 'loan_amount', {_MONEY.format("amount")}, 'tenor_month', tenor, 'status', 'pending',
        'monthly_installment_amount', {_MONEY.format("monthly")}, 'monthly_installment_due_date', first_due,
        'approved_at', null, 'rejected_at', null, 'rejected_reason', null),
        '_meta', {_META.format(event="'loan.submitted'", actor="null", role="null", codes="'[]'::jsonb")}),
        'pending'::loan_status, at, at FROM loan
"""
_DECIDED = f"""
    SELECT md5('decided' || loan_id)::uuid, loan_id,
        jsonb_build_object('loan', jsonb_build_object('status', 'pending', status || '_at', null)
            || CASE WHEN reason IS NULL THEN '{{}}'::jsonb ELSE jsonb_build_object('rejected_reason', null) END,
            'credit_score', jsonb_build_object('decision', 'pending')),
        jsonb_build_object('loan', jsonb_build_object('status', status, status || '_at', {_UTC.format("decided_at")})
            || CASE WHEN reason IS NULL THEN '{{}}'::jsonb ELSE jsonb_build_object('rejected_reason', reason) END,
            'credit_score', jsonb_build_object('decision', status),
            '_meta', {
    _META.format(
        event="'loan.' || status",
        actor="CAST(:analyst AS text)",
        role="'credit_analyst'",
        codes="to_jsonb(array_remove(ARRAY[reason], null))",
    )
}),
        status::loan_status, decided_at, decided_at FROM loan WHERE status <> 'pending'
"""
_POSTED = f"""
    SELECT md5('posted' || loan_id || number)::uuid, loan_id,
        jsonb_build_object('payments', jsonb_build_object(number::text, jsonb_build_object(
            'status', 'pending', 'payment_date', null, 'reference', null))),
        jsonb_build_object('payments', jsonb_build_object(number::text, jsonb_build_object(
            'status', 'paid', 'payment_date', {_UTC.format("paid_at")}, 'reference', reference)),
            '_meta', {
    _META.format(event="'payment.posted'", actor="CAST(:support AS text)", role="'support_agent'", codes="'[]'::jsonb")
}),
        'approved'::loan_status, paid_at, paid_at FROM line WHERE is_paid
"""
_REVIEWS = f"""
    INSERT INTO loans_review_history (id, loan_id, old_data, new_data, status, created_at, updated_at)
    {_SUBMITTED} UNION ALL {_DECIDED} UNION ALL {_POSTED}
"""
_STATEMENTS = [text(_MADE + statement) for statement in (_LOANS, _PAYMENTS, _REVIEWS)] + [
    text(_MADE + SCORED + statement) for statement in (SCORES, ENTRIES)
]
_NEXT = text("SELECT id FROM user_profile WHERE id > :after ORDER BY id OFFSET :skipped LIMIT 1")
_LAST = text("SELECT id FROM user_profile WHERE id > :after ORDER BY id DESC LIMIT 1")


def batches(users: int) -> int:
    """How many batches that many customers make."""
    return -(-users // BATCH)


def seed_loans(now: Any) -> Iterator[int]:
    """Write the loans of every customer, a batch of customers a transaction; yields the rows of each batch."""
    after = NOBODY
    while True:
        with db.engine.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            # A connection that saw small tables would look through these from end to end for every foreign key.
            connection.execute(text("DISCARD PLANS"))
            last = _end_of_batch(connection, after)
            if last is None:
                break
            parameters = {"after": after, "last": last, "now": now, "analyst": str(BAGAS), "support": str(MAYA)}
            rows = sum(connection.execute(statement, parameters).rowcount for statement in _STATEMENTS)
            yield rows + seed_evaluations(connection, after, last)
            after = last
    with db.engine.begin() as connection:
        connection.execute(
            text("ANALYZE loans, loans_payments, loans_review_history, credit_scores, credit_scores_list")
        )


def _end_of_batch(connection: Connection, after: UUID) -> UUID | None:
    """The last customer of the batch that follows ``after``."""
    found = connection.execute(_NEXT, {"after": after, "skipped": BATCH - 1}).scalar()
    return found or connection.execute(_LAST, {"after": after}).scalar()
