"""Accounts, passwords, passkeys and sessions: how somebody signs in, and what a session may."""

from portal.auth import tidying as _tidying  # noqa: F401  its job is the worker's
from portal.auth.borrowers import set_account_status
from portal.auth.devices import device
from portal.auth.models import Account, AuthSession, StaffMember
from portal.auth.passwords import hash_password
from portal.auth.service import (
    IDLE,
    IDLE_WARNING,
    account_of,
    admit,
    count_passkeys,
    end_sessions_of,
    fold,
    invite,
    issue_another_link,
    issue_link,
    link_to,
    list_sessions,
    lock_out,
    names_of,
    renew_tokens_of,
    use_up_links,
)

__all__ = [
    "IDLE", "IDLE_WARNING", "Account", "AuthSession", "StaffMember", "account_of", "admit", "count_passkeys", "device",
    "end_sessions_of", "fold", "hash_password", "invite", "issue_another_link", "issue_link", "link_to",
    "list_sessions", "lock_out", "names_of", "renew_tokens_of", "set_account_status", "use_up_links",
]  # fmt: skip
