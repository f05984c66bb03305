"""Accounts, passwords, passkeys and sessions: how somebody signs in, and what a session may."""

from portal.auth import cleanup as _cleanup  # noqa: F401  its job is the worker's
from portal.auth.customers import set_account_status
from portal.auth.links import admit, invite, issue_another_link, issue_link, link_to, lock_out
from portal.auth.models import IS_ALIVE, Account, AuthSession, StaffMember
from portal.auth.passwords import hash_password
from portal.auth.repository.accounts import get as account_of
from portal.auth.repository.auth_sessions import renew as renew_tokens_of
from portal.auth.repository.auth_sessions import revoke_all as end_sessions_of
from portal.auth.repository.credentials import of as passkeys_of
from portal.auth.repository.staff_tokens import use_up as use_up_links
from portal.auth.sessions import IDLE, IDLE_WARNING, fold, list_sessions, names_of

__all__ = [
    "IDLE", "IDLE_WARNING", "IS_ALIVE", "Account", "AuthSession", "StaffMember", "account_of", "admit",
    "end_sessions_of", "fold", "hash_password", "invite", "issue_another_link", "issue_link", "link_to",
    "list_sessions", "lock_out", "names_of", "passkeys_of", "renew_tokens_of", "set_account_status", "use_up_links",
]  # fmt: skip
