"""Whether a message may be sent once more: one pure function, the first rule that applies decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.shared.errors import N_

PAUSE = timedelta(minutes=10)
A_DAY = timedelta(hours=24)
MAX_A_DAY = 3


class Answer(StrEnum):
    """What may be done with a message."""

    NO = "no"
    CONFIRM = "confirm"
    LATER = "later"
    SCHEDULED = "scheduled"
    REASON = "reason"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at; ``tries`` are the times of the last day's sends of this message and its resends.

    ``window`` is when a payment message may go out next; None when it may go now.
    """

    status: str
    now: datetime
    is_customer_active: bool = True
    has_address: bool = True
    is_permanent: bool = False
    is_address_changed: bool = False
    is_still_true: bool = True
    is_newer_sent: bool = False
    tries: tuple[datetime, ...] = ()
    window: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer and its sentence; ``at`` is when it may go out, where it may not now."""

    answer: Answer
    code: str
    message: str
    at: datetime | None = None
    needs_reason: bool = False

    @property
    def word(self) -> str:
        return WORDS[self.code]

    @property
    def may_resend(self) -> bool:
        return self.answer not in {Answer.NO, Answer.LATER}

    def goes_out(self, reason: str) -> bool:
        """Whether a copy is made with this reason, and no more to be asked."""
        return self.may_resend and self.answer is not Answer.CONFIRM and bool(reason or not self.needs_reason)


SENTENCES: Mapping[str, str] = {
    "pending": N_("Still on its way. Wait until it is sent or has failed."),
    "inactive": N_("The customer is no longer active. Nothing is sent to him."),
    "no_address": N_("The customer has no address for this channel. Write to him through another one."),
    "permanent": N_("The address does not work and has not changed. Correct the address first."),
    "stale": N_("What the message says is no longer true. It cannot be sent again."),
    "newer": N_("A newer message of this kind was sent. Confirm that this one goes out as well."),
    "too_soon": N_("The last try was less than 10 minutes ago."),
    "too_often": N_("It was tried 3 times within 24 hours."),
    "window": N_("Payment messages go out from 08 to 20 on working days. It is sent at the next such time."),
    "sent": N_("It was sent before. Write why it goes out again."),
    "yes": N_("Goes out now."),
}


WORDS: Mapping[str, str] = {
    "inactive": N_("Inactive customer"),
    "no_address": N_("No address"),
    "permanent": N_("Bad address"),
    "stale": N_("Outdated"),
    "newer": N_("Newer was sent"),
    "too_soon": N_("Just tried"),
    "too_often": N_("Tried 3 times"),
    "window": N_("Scheduled"),
    "sent": N_("Needs a reason"),
    "yes": N_("May be resent"),
}
"""The same in two or three words, for a line of a list."""


def judge(facts: Facts, *, is_confirmed: bool = False) -> Verdict:
    """The first rule that applies, in the order in which they are written here."""
    no = _forbidden(facts)
    if no:
        return _verdict(facts, Answer.NO, no)
    if facts.is_newer_sent and not is_confirmed:
        return _verdict(facts, Answer.CONFIRM, "newer")
    recent = sorted(at for at in facts.tries if at > facts.now - A_DAY)
    if recent and recent[-1] > facts.now - PAUSE:
        return _verdict(facts, Answer.LATER, "too_soon", recent[-1] + PAUSE)
    if len(recent) >= MAX_A_DAY:
        return _verdict(facts, Answer.LATER, "too_often", recent[-MAX_A_DAY] + A_DAY)
    if facts.window:
        return _verdict(facts, Answer.SCHEDULED, "window", facts.window)
    if facts.status == "sent":
        return _verdict(facts, Answer.REASON, "sent")
    return _verdict(facts, Answer.YES, "yes")


def _forbidden(facts: Facts) -> str | None:
    rules = (
        ("pending", facts.status == "pending"),
        ("inactive", not facts.is_customer_active),
        ("no_address", not facts.has_address),
        ("permanent", facts.is_permanent and not facts.is_address_changed),
        ("stale", not facts.is_still_true),
    )
    return next((code for code, applies in rules if applies), None)


def _verdict(facts: Facts, answer: Answer, code: str, at: datetime | None = None) -> Verdict:
    """A message that was sent needs a reason also where an earlier rule decides when it goes."""
    return Verdict(answer, code, SENTENCES[code], at, needs_reason=facts.status == "sent")
