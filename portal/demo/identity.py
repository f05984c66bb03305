"""Ids and document numbers of made-up people: the same every time, and never those of two people."""

from datetime import date
from uuid import UUID, uuid5

from portal.kyc import WOMEN
from portal.kyc.models import DocumentType

NAMESPACE = UUID("6d0d5a3e-5f0c-4d0e-9b57-2f9c6a3b7e10")


def id_of(kind: str, name: object) -> UUID:
    """The id of the demo's thing of that kind and name."""
    return uuid5(NAMESPACE, f"{kind}:{name}")


def nik_of(town: str, district: int, born: date, *, is_woman: bool, serial: int) -> str:
    """Sixteen digits that say where and when somebody was born, and of which sex."""
    day = born.day + (WOMEN if is_woman else 0)
    return f"{town}{district:02}{day:02}{born:%m%y}{serial:04}"


def number_of(document_type: DocumentType, nik: str) -> str:
    """A document's number: the NIK itself on a KTP and on newer cards, an older numbering on some others."""
    serial = int(nik[-4:])
    if document_type is DocumentType.SIM and serial % 4 == 0:
        return f"{nik[:4]}{nik[10:12]}{nik[8:10]}{serial:06}"
    if document_type is DocumentType.NPWP and serial % 3 == 0:
        return f"{serial:09}{nik[:3]}000"
    return nik
