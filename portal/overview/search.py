"""Finding anything by what identifies it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from portal import credit_scores, kyc, loans, notifications, users
from portal.overview.links import Link, page_of
from portal.permissions import Permission
from portal.shared import ids
from portal.shared.actor import Actor
from portal.shared.answers import Answers
from portal.shared.errors import N_, Sentence
from portal.users import MAX_HITS, Person

MAX_TERM = 255
BY_ID: tuple[tuple[str, str, str, Callable[..., list[UUID] | None]], ...] = (
    ("loan", N_("Loan %(id)s"), Permission.LOAN_READ, loans.ids_between),
    ("kyc", N_("Submission %(id)s"), Permission.KYC_READ, kyc.ids_between),
    ("score", N_("Credit score %(id)s"), Permission.SCORE_READ, credit_scores.ids_between),
    ("message", N_("Message %(id)s"), Permission.MESSAGE_READ, notifications.ids_between),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermAnswers(Answers):
    """Whom or what to look for."""

    term: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """A loan, submission, score or message that was found by its id."""

    id: UUID
    word: Sentence
    link: Link | None


@dataclass(frozen=True, slots=True)
class Hits:
    """What a term found, at most 50: ``only`` where it is one thing, by its id; ``missing`` when a store is away."""

    customers: list[Person]
    things: list[Thing]
    only: Link | None
    is_cut: bool
    is_missing: bool


def search(answers: TermAnswers, *, actor: Actor) -> Hits:
    """Customers by id, e-mail, phone or name, and by its id, or the beginning of it, whatever the actor may read."""
    customers, span = find(answers), ids.span(answers.term)
    things: list[Thing] = []
    is_missing = False
    for kind, word, permission, ids_between in BY_ID:
        found = ids_between(*span, limit=MAX_HITS) if span and actor.may(permission) else []
        is_missing |= found is None
        things += (Thing(id_, Sentence(word, id=str(id_)[:8]), page_of(kind, id_, actor)) for id_ in found or ())
    count = len(customers) + len(things)
    return Hits(
        customers,
        things[: MAX_HITS - len(customers)],
        _only(customers, things, span, actor) if span and count == 1 else None,
        count >= MAX_HITS,
        is_missing,
    )


def find(answers: TermAnswers) -> list[Person]:
    """The customers of whom this is the id, e-mail, phone or name."""
    with answers.judged() as wrong:
        asked = N_("Enter a name, a phone number, an email or an ID.")
        wrong.unless_fits(answers.term, "term", least=1, most=MAX_TERM, message=asked)
    return users.find(answers.term)


def _only(customers: list[Person], things: list[Thing], span: tuple[UUID, UUID], actor: Actor) -> Link | None:
    """The page of the one that was found, unless by a name that looks like the beginning of an id."""
    if things:
        return things[0].link
    user_id = customers[0].user_id
    return page_of("customer", user_id, actor) if span[0] <= user_id <= span[1] else None
