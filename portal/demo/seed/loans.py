"""Loans at size, made inside Postgres: three for every two customers, with installments, history and scores."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pymongo
from sqlalchemy import Connection, text

from portal.demo.seed.customers import in_batches
from portal.demo.staff import BAGAS, MAYA
from portal.risk_levels import RiskEvaluation
from portal.risk_levels.models import COLLECTION, PURPOSE
from portal.shared.database import db
from portal.shared.mongo import mongo
from portal.shared.vault import vault
from portal.shared.vocabulary import RiskLevel

BATCH_SIZE = 20_000
VENDOR = "Nusantara Biro Kredit"

# Every fact follows from the customer's id: the loans are the same whatever the size. One installment in forty is paid.
_MADE = """
    WITH chosen AS (
        SELECT id AS user_id, abs(hashtext(id::text)::bigint) AS n FROM user_profile WHERE id BETWEEN :first AND :last
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
_UTC = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS"Z"')"""
_REVIEWS = f"""
    INSERT INTO loans_review_history (id, loan_id, old_data, new_data, status, created_at, updated_at)
    SELECT md5(key)::uuid, loan_id, old, new || jsonb_build_object('_meta', jsonb_build_object('event', event,
        'actor_id', actor, 'actor_role', role, 'reason_codes', codes, 'note', null)), status::loan_status, at, at
    FROM (
        SELECT 'submitted' || loan_id AS key, loan_id, '{{}}'::jsonb AS old,
            jsonb_build_object('loan', jsonb_build_object(
                'user_id', user_id, 'loan_amount', to_char(amount, 'FM99999990.00'), 'tenor_month', tenor,
                'status', 'pending', 'monthly_installment_amount', to_char(monthly, 'FM99999990.00'),
                'monthly_installment_due_date', first_due,
                'approved_at', null, 'rejected_at', null, 'rejected_reason', null)) AS new,
            'loan.submitted' AS event, null AS actor, null AS role, '[]'::jsonb AS codes, 'pending' AS status, at
        FROM loan
        UNION ALL SELECT 'decided' || loan_id, loan_id,
            jsonb_build_object('loan', jsonb_build_object('status', 'pending', status || '_at', null)
                || CASE WHEN reason IS NULL THEN '{{}}'::jsonb ELSE jsonb_build_object('rejected_reason', null) END,
                'credit_score', jsonb_build_object('decision', 'pending')),
            jsonb_build_object('loan',
                jsonb_build_object('status', status, status || '_at', {_UTC.format("decided_at")})
                || CASE WHEN reason IS NULL THEN '{{}}'::jsonb ELSE jsonb_build_object('rejected_reason', reason) END,
                'credit_score', jsonb_build_object('decision', status)),
            'loan.' || status, CAST(:analyst AS text), 'credit_analyst', to_jsonb(array_remove(ARRAY[reason], null)),
            status, decided_at
        FROM loan WHERE status <> 'pending'
        UNION ALL SELECT 'posted' || loan_id || number, loan_id,
            jsonb_build_object('payments', jsonb_build_object(number::text, jsonb_build_object(
                'status', 'pending', 'payment_date', null, 'reference', null))),
            jsonb_build_object('payments', jsonb_build_object(number::text, jsonb_build_object(
                'status', 'paid', 'payment_date', {_UTC.format("paid_at")}, 'reference', reference))),
            'payment.posted', CAST(:support AS text), 'support_agent', '[]'::jsonb, 'approved', paid_at
        FROM line WHERE is_paid
    ) AS event
"""
# Goes on from ``loan``; of the pending ones three in five lack the manual score, and one in five the external one.
_SCORED = """    , weighed AS (
        SELECT loan.*, 300 + (n / 7 % 601)::int AS internal, 300 + (n / 11 % 601)::int AS external,
               300 + (n / 13 % 601)::int AS manual, status = 'pending' AND n / 17 % 5 = 3 AS lacks_external,
               n / 17 % 5 < 3 AS wants_manual, status = 'pending' AND n / 17 % 5 < 3 AS lacks_manual,
               n % 10 = 1 AND NOT (status = 'pending' AND n / 17 % 5 = 3) AS is_evaluated
        FROM loan
    ), summed AS (
        SELECT *, CASE WHEN lacks_external OR lacks_manual THEN null
                       WHEN wants_manual THEN floor((internal * 50 + external * 30 + manual * 20) / 100.0 + 0.5)
                       ELSE floor((internal * 50 + external * 30) / 80.0 + 0.5) END::int AS final
        FROM weighed
    ), scored AS (
        SELECT *, CASE WHEN final >= 700 THEN 'low' WHEN final >= 550 THEN 'medium' WHEN final >= 0 THEN 'high' END
                   AS risk,
               md5('score' || loan_id)::uuid AS credit_score_id
        FROM summed
    )
"""
_SCORES = f"""
    INSERT INTO credit_scores (credit_score_id, user_id, loan_id, risk_level, risk_level_reason, internal_score,
        internal_score_mandatory, external_score, external_score_mandatory, manual_score, manual_score_mandatory,
        decision, decided_by, decided_at, vendor_risk_level, vendor_levels, created_at, updated_at)
    SELECT credit_score_id, user_id, loan_id, risk::risk_level,
        final || ' is ' || initcap(risk) || ' risk by policy v1; '
            || CASE WHEN is_evaluated THEN 'the vendors'' worst level is Low risk.' ELSE 'no vendor gave a level.' END,
        internal, true,
        CASE WHEN NOT lacks_external THEN external END, true,
        CASE WHEN wants_manual AND NOT lacks_manual THEN manual END, wants_manual, status::credit_decision,
        CASE WHEN decided_at IS NOT NULL THEN '{BAGAS}'::uuid END, decided_at,
        CASE WHEN is_evaluated THEN 'low'::risk_level END,
        CASE WHEN is_evaluated THEN jsonb_build_object('{VENDOR}', jsonb_build_object('level', 'low', 'at', at))
            ELSE '{{}}'::jsonb END, at, coalesce(decided_at, at) FROM scored
"""
_ENTRIES = f"""
    INSERT INTO credit_scores_list (id, credit_score_id, credit_score, credit_score_reason, credit_score_source,
        credit_score_updated_at, entered_by)
    SELECT md5(source || credit_score_id)::uuid, credit_score_id, came.score, came.why, source::credit_score_source,
        at + came.after, came.by
    FROM scored, LATERAL (VALUES
        ('internal', internal, 'Model 4.2', interval '2 minutes', null::uuid, true),
        ('external', external, 'Average of the vendors', interval '5 minutes', null, NOT lacks_external),
        ('manual', manual, 'Payslips of three months were seen', interval '50 minutes', '{BAGAS}'::uuid,
         wants_manual AND NOT lacks_manual)
    ) AS came(source, score, why, after, by, is_there) WHERE is_there
"""
_STATEMENTS = [
    *(text(_MADE + statement) for statement in (_LOANS, _PAYMENTS, _REVIEWS)),
    *(text(_MADE + _SCORED + statement) for statement in (_SCORES, _ENTRIES)),
]


# Only those made above: customers of the demo have scores of their own as well.
_EVALUATED = text(
    "SELECT credit_score_id, loan_id, user_id, external_score, created_at FROM credit_scores"
    " WHERE vendor_risk_level IS NOT NULL AND user_id BETWEEN :first AND :last"
    " AND credit_score_id = md5('score' || loan_id)::uuid"
)


def seed_loans(now: datetime) -> Iterator[tuple[int, int]]:
    """Write those of every customer, a batch a transaction; yields for each the number of customers and of rows."""
    for batch in in_batches(BATCH_SIZE):
        first, last = batch[0].id, batch[-1].id
        parameters = {"first": first, "last": last, "now": now, "analyst": str(BAGAS), "support": str(MAYA)}
        with db.engine.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            # A connection that saw small tables would look through these from end to end for every foreign key.
            connection.execute(text("DISCARD PLANS"))
            rows = sum(connection.execute(statement, parameters).rowcount for statement in _STATEMENTS)
            yield len(batch), rows + _seed_evaluations(connection, first, last)
    with db.engine.begin() as connection:
        connection.execute(
            text("ANALYZE loans, loans_payments, loans_review_history, credit_scores, credit_scores_list")
        )


def _seed_evaluations(connection: Connection, first: UUID, last: UUID) -> int:
    """Write what a vendor said of one loan in ten of these customers, and return how many."""
    documents = [_document(row) for row in connection.execute(_EVALUATED, {"first": first, "last": last})]
    if documents:
        with pymongo.timeout(60):
            mongo.database[COLLECTION].insert_many(documents, ordered=False)
    return len(documents)


def _document(row: Any) -> dict[str, Any]:
    evaluation = RiskEvaluation(
        row.credit_score_id, row.credit_score_id, row.loan_id, row.user_id, VENDOR, row.external_score, 300, 900, (),
        RiskLevel.LOW, row.created_at,
    )  # fmt: skip
    return {**evaluation.to_document(), "raw_score": vault.lock(PURPOSE, evaluation.id, {"score": row.external_score})}
