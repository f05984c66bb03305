"""Submissions from the service that talks to customers, which hands them over one JSON object a line.

``{"kyc_id": UUID (optional), "user_id": UUID, "document_type": "ktp"|"sim"|"npwp", "document_number": digits,
"document_front_image": base64, "document_selfie_image": base64}``
"""

import base64
from collections.abc import Iterable, Iterator
from uuid import UUID

from portal import audit, users
from portal.kyc.claims import checks
from portal.kyc.images import clean, store
from portal.kyc.models import DocumentType, KycCheck
from portal.shared.actor import PORTAL
from portal.shared.crypto import digits_of, document_hash, new_id
from portal.shared.database import again_when_contended, transaction
from portal.shared.errors import N_, Conflict, NotFound, Refused
from portal.shared.feed import Given, results


def take_in(
    *, user_id: UUID, document_type: DocumentType, number: str, front: bytes, selfie: bytes, kyc_id: UUID | None = None
) -> UUID:
    """Take in a submission: both images are kept as clean copies, of the number only its hash.

    ``kyc_id`` names the submission, so that handing it over twice takes it in once and leaves its images alone.
    """
    kyc_id = kyc_id or new_id()
    if not 8 <= len(digits_of(number)) <= 20:
        raise Refused(N_("Type the 8 to 20 digits of the document number."))
    if users.names_of([user_id])[user_id].is_deleted:
        raise NotFound(N_("There is no such customer."))
    number_hash = document_hash(number)
    if _is_there(kyc_id, user_id, number_hash):
        return kyc_id
    clean_front, clean_selfie = clean(front), clean(selfie)
    paths = {
        "document_front_image_path": store.keep(kyc_id, "front", clean_front),
        "document_selfie_image_path": store.keep(kyc_id, "selfie", clean_selfie),
    }
    again_when_contended(lambda: _add(kyc_id, user_id, document_type, number_hash, paths))
    return kyc_id


def _add(kyc_id: UUID, user_id: UUID, document_type: DocumentType, number_hash: str, paths: dict[str, str]) -> None:
    with transaction():
        checks.lock_person(kyc_id)
        if _is_there(kyc_id, user_id, number_hash):
            return
        users.lock(user_id)
        checks.lock_number(number_hash)
        checks.add(
            KycCheck(
                kyc_id=kyc_id,
                user_id=user_id,
                document_type=document_type,
                document_number_hash=number_hash,
                attempt=checks.attempts(user_id, document_type) + 1,
                **paths,
            )
        )
        checks.flag_duplicates(number_hash)
        audit.record("kyc.submitted", kyc_id, of=user_id, actor=PORTAL, document_type=document_type)


def _is_there(kyc_id: UUID, user_id: UUID, number_hash: str) -> bool:
    """Whether this submission was taken in before; raises :class:`Conflict` when its id is another one's."""
    found = checks.get(kyc_id)
    if found is None:
        return False
    if (found[0].user_id, found[0].document_number_hash) != (user_id, number_hash):
        raise Conflict(N_("Another submission has this id already."))
    return True


def take_in_lines(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """For each line what came of it, and whether it was taken in."""
    return results(lines, _read, take_in)


def _read(given: Given) -> Given:
    return {
        "user_id": UUID(given["user_id"]),
        "document_type": DocumentType(given["document_type"]),
        "number": str(given["document_number"]),
        "front": base64.b64decode(given["document_front_image"], validate=True),
        "selfie": base64.b64decode(given["document_selfie_image"], validate=True),
        "kyc_id": UUID(given["kyc_id"]) if given.get("kyc_id") else None,
    }
