"""Credit scores at size: one a loan, decided as it is, with its entries; one in ten with a vendor's evaluation."""

from typing import Any
from uuid import UUID

import pymongo
from sqlalchemy import Connection, text

from portal.demo.staff import BAGAS
from portal.risk_levels.models import COLLECTION, PURPOSE, RiskEvaluation
from portal.shared.mongo import mongo
from portal.shared.vault import vault
from portal.shared.vocabulary import RiskLevel

VENDOR = "Nusantara Biro Kredit"

# Goes on from ``loan``; of the pending ones three in five lack the manual score, and one in five the external one.
SCORED = """    , weighed AS (
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
SCORES = f"""
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
ENTRIES = f"""
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
# Only those made above: customers of the demo have scores of their own as well.
_EVALUATED = text(
    "SELECT credit_score_id, loan_id, user_id, external_score, created_at FROM credit_scores"
    " WHERE vendor_risk_level IS NOT NULL AND user_id > :after AND user_id <= :last"
    " AND credit_score_id = md5('score' || loan_id)::uuid"
)


def seed_evaluations(connection: Connection, after: UUID, last: UUID) -> int:
    """Write what a vendor said of one loan in ten of these customers; returns how many."""
    documents = [_document(row) for row in connection.execute(_EVALUATED, {"after": after, "last": last})]
    if documents:
        with pymongo.timeout(60):
            mongo.database[COLLECTION].insert_many(documents, ordered=False)
    return len(documents)


def _document(row: Any) -> dict[str, Any]:
    evaluation = RiskEvaluation(
        row.credit_score_id,
        row.credit_score_id,
        row.loan_id,
        row.user_id,
        VENDOR,
        row.external_score,
        300,
        900,
        (),
        RiskLevel.LOW,
        row.created_at,
    )
    return {**evaluation.to_document(), "raw_score": vault.lock(PURPOSE, evaluation.id, {"score": row.external_score})}
