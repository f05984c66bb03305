"""Taking in submissions from the service that talks to customers."""

from uuid import UUID

from portal.audit import service as audit
from portal.kyc.holding import checks
from portal.kyc.images import store
from portal.kyc.models import DocumentType, KycCheck
from portal.shared.actor import PORTAL
from portal.shared.crypto import digits_of, document_hash, new_id
from portal.shared.database import transaction
from portal.shared.errors import N_, NotFound, Refused
from portal.users import service as users


def take_in(
    *, user_id: UUID, document_type: DocumentType, number: str, front: bytes, selfie: bytes, kyc_id: UUID | None = None
) -> UUID:
    """Take in a submission: both images are kept as clean copies, of the number only its hash.

    ``kyc_id`` names the submission, so that handing it over twice takes it in once.
    """
    kyc_id = kyc_id or new_id()
    if not 8 <= len(digits_of(number)) <= 20:
        raise Refused(N_("Type the 8 to 20 digits of the document number."))
    if users.names_of([user_id])[user_id].auth_id is None:
        raise NotFound(N_("There is no such customer."))
    paths = {
        "document_front_image_path": store.put(kyc_id, "front", front),
        "document_selfie_image_path": store.put(kyc_id, "selfie", selfie),
    }
    number_hash = document_hash(number)
    with transaction():
        checks.lock_person(kyc_id)
        if checks.get(kyc_id):
            return kyc_id
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
    return kyc_id
