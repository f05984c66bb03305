"""Whether what a message told of an identity check is still so."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from portal.kyc.holding import checks
from portal.kyc.models import KycStatus
from portal.notifications import Statement, checks_of

KINDS = {f"kyc-{status}": status for status in (KycStatus.VERIFIED, KycStatus.REJECTED, KycStatus.EXPIRED)}


def still_decided(told: Sequence[Statement]) -> list[bool]:
    """The check stands as it was decided then; of one that asks for another document, none came since."""
    checks_told = [_check_of(each) for each in told]
    standing = {row.kyc_id: row for row in checks.standing([kyc_id for kyc_id in checks_told if kyc_id])}
    return [_holds(standing.get(kyc_id), KINDS[each.message]) for kyc_id, each in zip(checks_told, told, strict=True)]


def _check_of(told: Statement) -> UUID | None:
    kyc_id = told.context.get("kyc_id")
    return UUID(kyc_id) if kyc_id else None


def _holds(row: Any, status: KycStatus) -> bool:
    return row is not None and row.status is status and (status is KycStatus.VERIFIED or not row.is_followed)


checks_of.listen(dict.fromkeys(KINDS, still_decided).get)
