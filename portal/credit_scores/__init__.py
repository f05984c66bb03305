"""Credit scores, their entries, and the decision on a loan by them."""

from portal.credit_scores.entries import result_of, score_facts, weigh
from portal.credit_scores.index import oldest_waiting, waiting_target
from portal.credit_scores.intake import take_in_evaluations, take_in_scores
from portal.credit_scores.reconciliation import differences, last_reconciled
from portal.credit_scores.stats import ScoreNumbers, decided_today, events_of, ids_between, score_numbers

__all__ = [
    "ScoreNumbers", "decided_today", "differences", "events_of", "ids_between", "last_reconciled", "oldest_waiting",
    "result_of", "score_facts", "score_numbers", "take_in_evaluations", "take_in_scores", "waiting_target", "weigh",
]  # fmt: skip
