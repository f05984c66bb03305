"""Submissions as the service that talks to customers hands them over: one JSON object a line.

``{"kyc_id": UUID (optional), "user_id": UUID, "document_type": "ktp"|"sim"|"npwp", "document_number": digits,
"document_front_image": base64, "document_selfie_image": base64}``
"""

import base64
from collections.abc import Iterable, Iterator
from uuid import UUID

from portal.kyc.intake import take_in
from portal.kyc.models import DocumentType
from portal.shared.feed import Given, results


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
