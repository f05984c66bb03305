"""Submissions as the service that talks to customers hands them over: one JSON object a line.

``{"kyc_id": UUID (optional), "user_id": UUID, "document_type": "ktp"|"sim"|"npwp", "document_number": digits,
"document_front_image": base64, "document_selfie_image": base64}``
"""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from portal.kyc.intake import take_in
from portal.kyc.models import DocumentType
from portal.shared.errors import N_, Refusal, Refused


def take_in_lines(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """For each line what came of it, and whether it was taken in; one bad line does not stop the next."""
    for line in lines:
        try:
            yield f"taken in as {_take_in_line(line)}", True
        except Refusal as refusal:
            yield f"refused: {refusal.message % refusal.parameters}", False


def _take_in_line(line: str) -> UUID:
    try:
        submission = _parse(json.loads(line))
    except (KeyError, TypeError, AttributeError) as error:
        raise Refused(N_("A field is missing: the line needs all that docs/interface.md names.")) from error
    except (ValueError, RecursionError) as error:
        raise Refused(N_("The line is not as docs/interface.md describes it.")) from error
    return take_in(**submission)


def _parse(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "user_id": UUID(given["user_id"]),
        "document_type": DocumentType(given["document_type"]),
        "number": str(given["document_number"]),
        "front": base64.b64decode(given["document_front_image"], validate=True),
        "selfie": base64.b64decode(given["document_selfie_image"], validate=True),
        "kyc_id": UUID(given["kyc_id"]) if given.get("kyc_id") else None,
    }
