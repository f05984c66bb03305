"""Customers' accounts, as far as the portal has a say: whether they can sign in to their app."""

from uuid import UUID

from portal.auth.repository import accounts, auth_sessions
from portal.shared.vocabulary import Activity


def set_account_status(auth_id: UUID, status: Activity) -> None:
    """Close a customer's account and end its sessions, or open it again, inside the caller's transaction.

    The account of somebody who has a place among the staff stays as it is: that place is ended elsewhere.
    """
    if accounts.set_customers_status(auth_id, status) and status is Activity.INACTIVE:
        auth_sessions.revoke_all(auth_id)
