"""Customer profiles: who a customer is; contact data leave here masked."""

from portal.users.service import (
    DELETED,
    MAX_HITS,
    Person,
    Recipient,
    contact_of,
    customer,
    deleted_at,
    find,
    lock,
    mask,
    names_of,
    newest,
    profiles_of,
    recipients,
    remove,
    reveal,
    set_status,
)

__all__ = [
    "DELETED", "MAX_HITS", "Person", "Recipient", "contact_of", "customer", "deleted_at", "find", "lock", "mask",
    "names_of", "newest", "profiles_of", "recipients", "remove", "reveal", "set_status",
]  # fmt: skip
