"""Credit scores, their entries, and the decision on a loan by them."""

from portal.credit_scores.feed import take_in_evaluations, take_in_scores
from portal.credit_scores.picture import ScoreNumbers, decided_today, oldest_waiting, score_numbers
from portal.credit_scores.reading import ids_between, waiting_target
from portal.credit_scores.reconciling import differences, last_reconciled
from portal.credit_scores.service import result_of, score_facts, weigh
from portal.credit_scores.timeline import events_of
from portal.credit_scores.wording import source_word

__all__ = [
    "ScoreNumbers", "decided_today", "differences", "events_of", "ids_between", "last_reconciled", "oldest_waiting",
    "result_of", "score_facts", "score_numbers", "source_word", "take_in_evaluations", "take_in_scores",
    "waiting_target", "weigh",
]  # fmt: skip
