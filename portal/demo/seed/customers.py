"""Customers and identity checks at size, by COPY; every fact of a customer follows from their number."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text

from portal.auth.models import Account
from portal.demo.identity import nik_of
from portal.demo.names import REGIONS, Region
from portal.demo.staff import DIAN, RINA
from portal.kyc.models import DocumentType, KycStatus
from portal.shared import clock
from portal.shared.crypto import document_hash
from portal.shared.database import db

BATCH_SIZE, PIECE_SIZE = 5_000, 250
TWINS = 47
SERIALS, DISTRICTS = 9000, 99
FIRST_BORN, BIRTHDAYS = date(1957, 1, 1), 17_500
DAY, SPAN = timedelta(days=1), timedelta(days=730)
KTP, SIM, NPWP = DocumentType
PENDING, VERIFIED, REJECTED, EXPIRED = KycStatus
TYPES = [*[KTP] * 14, *[SIM] * 4, *[NPWP] * 2]
STATUSES = [*[VERIFIED] * 33, *[REJECTED] * 5, *[EXPIRED] * 2]
AFTER = {KTP: SIM, SIM: NPWP, NPWP: KTP}
REASONS = ("{BLURRY}", "{GLARE}", "{CROPPED,NUMBER_UNREADABLE}", "{SELFIE_UNCLEAR}", "{DATA_MISMATCH}", "{FORGED}")
CHECKLIST = '{"readable": true, "right_type": true, "name_matches": true, "same_person": true, "not_altered": true}'
PREFERENCES = (
    '{"language": "id", "timezone": "Asia/Jakarta", "channels": ["email", "sms"]}',
    '{"language": "id", "timezone": "Asia/Jakarta", "channels": ["push", "email"]}',
    '{"language": "id", "timezone": "Asia/Makassar", "channels": ["sms"]}',
    '{"language": "en", "timezone": "Asia/Jakarta", "channels": ["email"]}',
)
NULL = r"\N"
COLUMNS = {
    "users_auth": "auth_id, email, phone_number, status, created_at, updated_at",
    "user_profile": "id, auth_id, fullname, email, phone_number, preferences, status, created_at, updated_at",
    "user_kyc": (
        "kyc_id, user_id, status, document_type, document_number_hash, document_front_image_path,"
        " document_selfie_image_path, created_at, updated_at, attempt, has_duplicate, expires_at, version"
    ),
    "kyc_decisions": "decision_id, kyc_id, verdict, decided_by, decided_at, checklist, reason_codes",
}
COPY = {table: f"COPY {table} ({columns}) FROM STDIN" for table, columns in COLUMNS.items()}
_NEXT = text("SELECT id, fullname FROM user_profile WHERE id > :after ORDER BY id LIMIT :size")
Line = tuple[str, tuple[object, ...]]
"""The table it belongs to, and its values."""


def is_seeded() -> bool:
    """Whether the first seeded customer is there."""
    first = UUID(_Customer(0, 1, clock.now()).auth_id)
    with db.engine.connect() as connection:
        return connection.execute(select(Account.auth_id).where(Account.auth_id == first)).first() is not None


def in_batches(size: int) -> Iterator[Sequence[Row[UUID, str]]]:
    """Id and name of all customers there are, so many at a time."""
    after = UUID(int=0)
    while True:
        with db.engine.connect() as connection:
            batch = connection.execute(_NEXT, {"after": after, "size": size}).all()
        if not batch:
            return
        yield batch
        after = batch[-1].id


def seed_customers(customers: int, at: datetime) -> Iterator[tuple[int, int]]:
    """Write them in one transaction; yields for each batch the number of customers and of rows written."""
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        for first in range(0, customers, BATCH_SIZE):
            batch = [_Customer(number, customers, at) for number in range(first, min(first + BATCH_SIZE, customers))]
            yield len(batch), _copy(cursor, batch)
        connection.commit()
    finally:
        connection.close()
    with db.engine.begin() as after:  # Postgres skips, with a warning, what this role may not analyze
        after.execute(text(f"ANALYZE {', '.join(COLUMNS)}"))


def _copy(cursor: Any, batch: list["_Customer"]) -> int:
    """Write a batch; Postgres takes in the checks, its largest part by far, while the next ones are made up."""
    lines: dict[str, list[str]] = defaultdict(list)
    checks = 0
    with cursor.copy(COPY["user_kyc"]) as copy:
        for first in range(0, len(batch), PIECE_SIZE):
            for customer in batch[first : first + PIECE_SIZE]:
                for table, values in customer.lines():
                    lines[table].append("\t".join(map(str, values)) + "\n")
            checks += len(lines["user_kyc"])
            copy.write("".join(lines.pop("user_kyc")))
    for table, written in lines.items():
        with cursor.copy(COPY[table]) as copy:
            copy.write("".join(written))
    return checks + sum(map(len, lines.values()))


class _Customer:
    """Customer ``number`` of ``customers``.

    They came one after the other, as in life, so that indexes by time grow at their end.
    """

    def __init__(self, number: int, customers: int, at: datetime) -> None:
        digits = hashlib.blake2b(b"%d" % number).hexdigest()
        self.number, self.at = number, at
        self.came = at - DAY - (1 - number / customers) * SPAN
        self.auth_id, self.user_id = _uuid(digits[:32]), _uuid(digits[32:64])
        self.lot = int(digits[64:], 16)
        is_twin = number > 0 and number % TWINS == 0
        self.has_twin = is_twin or ((number + 1) % TWINS == 0 and number + 1 < customers)
        self.who = number - 1 if is_twin else number
        self.number_hash = document_hash(nik(self.who))
        self.document_type = TYPES[self._draw(len(TYPES))]
        self.status = STATUSES[self._draw(len(STATUSES))]

    def lines(self) -> Iterator[Line]:
        yield from self._account()
        yield from self._decided()
        if self.number % 5 == 2:
            yield self._pending()

    def _draw(self, most: int) -> int:
        """A number below ``most``, another one each time."""
        self.lot, drawn = divmod(self.lot, most)
        return drawn

    def _account(self) -> Iterator[Line]:
        name = fullname(self.who)
        email = f"{name.replace(' ', '.').replace(chr(39), '').lower()}.{self.number}@pelanggan.example"
        phone = f"+62812{self.number:08}"
        joined = self.came - 10 * DAY - self._draw(86_400) / 2_880 * DAY
        since = "active" if self._draw(50) else "inactive", joined, joined
        preferences = PREFERENCES[self._draw(len(PREFERENCES))]
        yield "users_auth", (self.auth_id, email, phone, *since)
        yield "user_profile", (self.user_id, self.auth_id, name, email, phone, preferences, *since)

    def _decided(self) -> Iterator[Line]:
        """A check of their first days, and what was decided on it."""
        kyc_id = self._id("decided")
        created = self.came - timedelta(microseconds=self._draw(10 * 86_400_000_000))
        decided = created + timedelta(seconds=600 + self._draw(72_000))
        ended = decided + (self.at - decided) / 2 if self.status is EXPIRED else None
        yield self._check(kyc_id, created, ended or decided, version=3 if ended else 2)
        verdict, checklist, reasons = VERIFIED, CHECKLIST, "{}"
        if self.status is REJECTED:
            verdict, checklist, reasons = REJECTED, "{}", REASONS[self._draw(len(REASONS))]
        reviewer = DIAN if self.number % 2 else RINA
        yield "kyc_decisions", (self._id("decision"), kyc_id, verdict, reviewer, decided, checklist, reasons)
        if ended:
            yield "kyc_decisions", (self._id("end"), kyc_id, EXPIRED, NULL, ended, "{}", "{}")

    def _pending(self) -> Line:
        """A check of the last three days: the next attempt of a rejected document, or another document."""
        created = self.at - timedelta(microseconds=self._draw(3 * 86_400_000_000))
        is_again = self.status is REJECTED
        if not is_again:
            self.document_type = AFTER[self.document_type]
        self.status = PENDING
        return self._check(self._id("pending"), created, created, attempt=2 if is_again else 1)

    def _check(self, kyc_id: str, created: datetime, updated: datetime, *, attempt: int = 1, version: int = 1) -> Line:
        is_valid_sim = self.document_type is SIM and self.status is VERIFIED
        expires_at = (self.at + (1 + self._draw(1800)) * DAY).date() if is_valid_sim else NULL
        images = f"kyc/{kyc_id}/front.jpg", f"kyc/{kyc_id}/selfie.jpg"
        return "user_kyc", (
            kyc_id, self.user_id, self.status, self.document_type, self.number_hash, *images, created, updated, attempt,
            self.has_twin, expires_at, version,
        )  # fmt: skip

    def _id(self, kind: str) -> str:
        return _uuid(hashlib.blake2b(f"{kind}:{self.number}".encode(), digest_size=16).hexdigest())


def nik(number: int) -> str:
    """The NIK of person ``number``, unlike anybody else's; its serial is above those of the demo."""
    turn, serial = divmod(number, SERIALS)
    towns = _region(number).towns
    town = towns[number // len(REGIONS) % len(towns)]
    born = FIRST_BORN + timedelta(days=number * 7919 % BIRTHDAYS)
    return nik_of(town.code, turn % DISTRICTS + 1, born, is_woman=_is_woman(number), serial=serial + 1000)


def fullname(number: int) -> str:
    """The name of person ``number``, fit for where their NIK says."""
    return _region(number).name(number * 2_654_435_761 % 2**32, is_woman=_is_woman(number))


def _region(number: int) -> Region:
    """Another one for the next number, and for the next with the same serial and district."""
    return REGIONS[(number + number // (SERIALS * DISTRICTS)) % len(REGIONS)]


def _is_woman(number: int) -> bool:
    return bool(number // 3 % 2)


def _uuid(digits: str) -> str:
    """A random-looking UUID of these hexadecimal digits."""
    return f"{digits[:12]}4{digits[13:16]}8{digits[17:]}"
