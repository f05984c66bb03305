"""Scores and vendors' evaluations as the scoring service hands them over: one JSON object a line.

A score: ``{"entry_id": UUID (optional), "loan_id": UUID, "source": "internal"|"external", "score": 642,
"reason": text (optional), "mandatory": ["internal", "external", "manual"] (optional), "at": ISO time (optional)}``.
An evaluation: ``{"evaluation_id": UUID, "loan_id": UUID, "vendor_name": text, "raw_score": object,
"normalized_score": {"score", "min", "max", "reason_codes"}, "risk_level": "low"|"medium"|"high"|null,
"at": ISO time}``.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.credit_scores.entries import MAX_WHY, take_in, take_in_evaluation
from portal.shared.errors import N_, Refused
from portal.shared.feed import Given, results
from portal.shared.vocabulary import RiskLevel, ScoreSource


def take_in_scores(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """For each line what came of it, and whether it was taken in."""
    return results(lines, _read_score, take_in)


def take_in_evaluations(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """For each line what came of it, and whether it was taken in."""
    return results(lines, _read_evaluation, take_in_evaluation)


def _read_score(given: Given) -> Given:
    return {
        "loan_id": UUID(given["loan_id"]),
        "source": ScoreSource(given["source"]),
        "score": given["score"],
        "reason": _reason(given.get("reason")),
        "mandatory": frozenset(map(ScoreSource, given["mandatory"])) if "mandatory" in given else None,
        "at": _time(given["at"]) if "at" in given else None,
        "entry_id": UUID(given["entry_id"]) if given.get("entry_id") else None,
    }


def _read_evaluation(given: Given) -> Given:
    return {
        "evaluation_id": UUID(given["evaluation_id"]),
        "loan_id": UUID(given["loan_id"]),
        "vendor_name": given["vendor_name"],
        "raw_score": given["raw_score"],
        "normalized_score": given["normalized_score"],
        "risk_level": RiskLevel(given["risk_level"]) if given["risk_level"] else None,
        "at": _time(given["at"]),
    }


def _reason(text: Any) -> str | None:
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > MAX_WHY or not text.isprintable():
        raise Refused(N_("The reason is one line of at most 2000 characters."))
    return text


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not 1900 <= at.year <= 2200:
        raise ValueError(text)
    return at
