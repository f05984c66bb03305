"""Vendors' risk evaluations: taken in encrypted, shown without the raw answer, revealed with a reason."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import bson
import structlog
from bson.errors import BSONError
from pymongo.errors import PyMongoError

from portal import audit, users
from portal.risk_levels.models import PURPOSE, ReasonCode, RiskEvaluation
from portal.risk_levels.repository import RiskEvaluationRepository
from portal.shared.actor import Actor
from portal.shared.database import transaction
from portal.shared.errors import N_, Conflict, Forbidden, NotFound, Refused, Throttled
from portal.shared.mongo import mongo
from portal.shared.throttle import Limit, seconds_to_wait
from portal.shared.vault import vault
from portal.shared.vocabulary import RiskLevel

REVEALS = Limit(20, seconds=3600)
SHOWN_SECONDS = 60
LARGEST_RAW, DEEPEST_RAW = 64_000, 200
MOST_REASONS, LONGEST_WORD = 50, 500
DIRECTIONS = ("positive", "negative")
REVEAL_REASONS = {
    "CUSTOMER_COMPLAINT": N_("The customer disputes the score"),
    "VENDOR_DISPUTE": N_("Question to the vendor"),
    "SCORE_CONTRADICTS": N_("Sources contradict each other"),
    "AUDIT_REQUEST": N_("Audit or supervisor asks for it"),
}

log = structlog.get_logger("portal.risk_levels")
evaluations = RiskEvaluationRepository(mongo)


def prepare() -> None:
    """Bring the collection's validator and indexes, and the key vault's, up to date."""
    vault.prepare()
    evaluations.prepare()


def take_in(
    *,
    evaluation_id: UUID,
    credit_score_id: UUID,
    loan_id: UUID,
    user_id: UUID,
    vendor_name: str,
    raw_score: dict[str, Any],
    normalized_score: Mapping[str, Any],
    risk_level: RiskLevel | None,
    created_at: datetime,
) -> None:
    """Keep an evaluation, its raw answer encrypted; the same again changes nothing, another under its id is refused.

    ``normalized_score`` is ``{"score": int, "min": int, "max": int, "reason_codes": [{"code", "text", "direction"}]}``.
    """
    evaluation = RiskEvaluation(
        evaluation_id, credit_score_id, loan_id, user_id, _name(vendor_name), *_scale(normalized_score),
        _reasons(normalized_score), risk_level, created_at.replace(microsecond=created_at.microsecond // 1000 * 1000),
    )  # fmt: skip
    _require_bounded(raw_score)
    if evaluations.add(evaluation, vault.lock(PURPOSE, evaluation_id, raw_score)):
        return
    if evaluations.get(evaluation_id) != evaluation or _raw(evaluation_id) != raw_score:
        raise Conflict(N_("Another evaluation has this id already."))


def require_sound(vendor_name: object, raw_score: object, normalized_score: Any) -> None:
    """Raise :class:`Refused` with what is wrong in what a vendor said."""
    _name(vendor_name)
    _scale(normalized_score)
    _reasons(normalized_score)
    _require_bounded(raw_score)


def of_score(credit_score_id: UUID) -> list[RiskEvaluation] | None:
    """The newest evaluations of a credit score, newest first; None while MongoDB does not answer."""
    try:
        return evaluations.of_score(credit_score_id)
    except PyMongoError:
        log.warning("evaluations unreadable", exc_info=True)
        return None


def reveal(evaluation_id: UUID, *, reason: str, actor: Actor) -> str:
    """The vendor's raw answer as JSON for a person to read. Who asked, and why, is on record before it is decrypted."""
    if reason not in REVEAL_REASONS:
        raise Refused(N_("Choose why you need the raw answer."))
    seconds = seconds_to_wait((REVEALS, f"reveal:{actor.id}"))
    if seconds:
        raise Throttled(N_("You have seen 20 raw answers within an hour. Wait before the next."), seconds=seconds)
    evaluation = _found(evaluation_id)
    if evaluation.user_id in users.profiles_of(actor.id):
        raise Forbidden(N_("This is your own loan. A colleague has to do this."))
    with transaction():
        audit.record("risk-evaluation.revealed", evaluation_id, of=evaluation.user_id, actor=actor, reason=reason)
    return json.dumps(_raw(evaluation_id), indent=2, ensure_ascii=False, default=str)


def score_of(evaluation_id: UUID) -> UUID:
    """The credit score an evaluation belongs to."""
    return _found(evaluation_id).credit_score_id


def rotate_keys() -> int:
    """Wrap every data key by the newest of the configuration; returns how many changed."""
    return vault.rotate()


def _raw(evaluation_id: UUID) -> dict[str, Any]:
    return vault.open(evaluation_id, evaluations.raw_score_of(evaluation_id))


def _found(evaluation_id: UUID) -> RiskEvaluation:
    evaluation = evaluations.get(evaluation_id)
    if evaluation is None:
        raise NotFound(N_("There is no such evaluation. Open the credit score again."))
    return evaluation


def _name(text: object) -> str:
    if not isinstance(text, str) or not 1 <= len(text.strip()) <= 255 or not text.isprintable():
        raise Refused(N_("The vendor's name is one line of 1 to 255 characters."))
    return text.strip()


def _scale(given: Mapping[str, Any]) -> tuple[int, int, int]:
    if not isinstance(given, Mapping):
        raise Refused(N_("The normalized score, its minimum and its maximum are whole numbers."))
    score, least, most = (given.get(name) for name in ("score", "min", "max"))
    if not (type(score) is int and type(least) is int and type(most) is int):
        raise Refused(N_("The normalized score, its minimum and its maximum are whole numbers."))
    if not -(10**6) <= least < most <= 10**6 or not least <= score <= most:
        raise Refused(N_("The normalized score lies between its minimum and its maximum."))
    return score, least, most


def _reasons(given: Mapping[str, Any]) -> tuple[ReasonCode, ...]:
    listed = given.get("reason_codes", [])
    if not isinstance(listed, list) or len(listed) > MOST_REASONS:
        raise Refused(N_("There are at most 50 reason codes."))
    return tuple(_reason(one) for one in listed)


def _reason(given: object) -> ReasonCode:
    words = {name: given.get(name) for name in ReasonCode.__slots__} if isinstance(given, Mapping) else {}
    sound = {name: word for name, word in words.items() if isinstance(word, str) and len(word) <= LONGEST_WORD}
    if (
        len(sound) < len(ReasonCode.__slots__)
        or sound["direction"] not in DIRECTIONS
        or not all(map(_is_clean, sound.values()))
    ):
        raise Refused(N_("A reason code has a code, a text of at most 500 characters, and a direction."))
    return ReasonCode(**sound)


def _require_bounded(raw: object) -> None:
    try:
        is_bounded = isinstance(raw, dict) and len(bson.encode(raw)) <= LARGEST_RAW and _depth(raw) <= DEEPEST_RAW
    except (BSONError, OverflowError, UnicodeError, RecursionError):
        is_bounded = False
    if not is_bounded:
        raise Refused(N_("The raw score is a JSON object of at most 64 kB."))


def _depth(value: object) -> int:
    """How many levels lie in each other; a page that indents a thousand would break."""
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, within), default=0)


def _is_clean(text: str) -> bool:
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)
