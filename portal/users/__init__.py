"""Customer profiles: who a customer is; contact data leave here masked."""

from portal.users.customers import (
    CUSTOMERS,
    DELETED,
    Customer,
    StatusAnswers,
    customer,
    lock,
    remove,
    reveal,
    set_status,
)
from portal.users.models import LOOK_REASONS, STATUS_REASONS
from portal.users.people import Person, Recipient, contact_of, mask, names_of, recipients
from portal.users.repository.profiles import deleted_at, profiles_of
from portal.users.search import MAX_HITS, find

__all__ = [
    "CUSTOMERS", "DELETED", "LOOK_REASONS", "MAX_HITS", "STATUS_REASONS", "Customer", "Person", "Recipient",
    "StatusAnswers", "contact_of", "customer", "deleted_at", "find", "lock", "mask", "names_of", "profiles_of",
    "recipients", "remove", "reveal", "set_status",
]  # fmt: skip
