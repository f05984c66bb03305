"""Loans, their payments, and the review history that explains every change."""

from portal.loans.decisions import UNDO_WINDOW, apply_decision, locked, tell_score, undo_decision
from portal.loans.history import Facts, Score, history_entry, loan_facts, payment_facts
from portal.loans.intake import take_in_lines
from portal.loans.loan import Terms, ids_between, loan_exists, terms_of
from portal.loans.reasons import REASONS, code_word, reason_word
from portal.loans.reconciliation import count_loans, differences
from portal.loans.schedule import first_due_date, installments, monthly_amount
from portal.loans.stats import BookNumbers, book_numbers, events_of

__all__ = [
    "REASONS", "UNDO_WINDOW", "BookNumbers", "Facts", "Score", "Terms", "apply_decision", "book_numbers", "code_word",
    "count_loans", "differences", "events_of", "first_due_date", "history_entry", "ids_between", "installments",
    "loan_exists", "loan_facts", "locked", "monthly_amount", "payment_facts", "reason_word", "take_in_lines",
    "tell_score", "terms_of", "undo_decision",
]  # fmt: skip
