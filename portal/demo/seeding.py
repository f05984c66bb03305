"""Realistic customers and identity checks at size, by COPY; user number n is the same whatever the size."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Cursor, sql
from sqlalchemy import select, text

from portal.auth.models import Account
from portal.demo.identity import nik_of
from portal.demo.names import REGIONS, Region
from portal.demo.staff import DIAN, RINA
from portal.kyc.models import DocumentType, KycStatus
from portal.shared import clock
from portal.shared.crypto import document_hash
from portal.shared.database import db

BATCH, PIECE = 5_000, 250
TWINS = 47
SERIALS, DISTRICTS = 9000, 99
FIRST_BORN, BIRTHDAYS = date(1957, 1, 1), 17_500
DAY, SPAN = timedelta(days=1), timedelta(days=730)
TYPES = [*[DocumentType.KTP] * 14, *[DocumentType.SIM] * 4, *[DocumentType.NPWP] * 2]
STATUSES = [*[KycStatus.VERIFIED] * 33, *[KycStatus.REJECTED] * 5, *[KycStatus.EXPIRED] * 2]
AFTER = {
    DocumentType.KTP: DocumentType.SIM,
    DocumentType.SIM: DocumentType.NPWP,
    DocumentType.NPWP: DocumentType.KTP,
}
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
    "users_auth": "auth_id email phone_number status created_at updated_at",
    "user_profile": "id auth_id fullname email phone_number preferences status created_at updated_at",
    "user_kyc": (
        "kyc_id user_id status document_type document_number_hash document_front_image_path"
        " document_selfie_image_path created_at updated_at attempt has_duplicate expires_at version"
    ),
    "kyc_decisions": "decision_id kyc_id verdict decided_by decided_at checklist reason_codes",
}
COPY = {
    table: sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns.split()))
    )
    for table, columns in COLUMNS.items()
}


def is_seeded() -> bool:
    """Whether the first seeded user is there."""
    first = UUID(_User(0, 1, clock.now()).auth_id)
    with db.engine.connect() as connection:
        return connection.execute(select(Account.auth_id).where(Account.auth_id == first)).first() is not None


def seed(users: int, at: datetime) -> Iterator[tuple[int, int]]:
    """Write them in one transaction; yields for each batch the number of users and of rows written."""
    connection = db.engine.raw_connection()
    try:
        cursor: Any = connection.cursor()
        for first in range(0, users, BATCH):
            batch = [_User(number, users, at) for number in range(first, min(first + BATCH, users))]
            yield len(batch), _copy(cursor, batch)
        connection.commit()
    finally:
        connection.close()
    _analyze()


def _copy(cursor: Cursor[Any], batch: list["_User"]) -> int:
    """Write a batch; Postgres takes in the checks, its largest part by far, while the next ones are made up."""
    lines: dict[str, list[str]] = defaultdict(list)
    checks = 0
    with cursor.copy(COPY["user_kyc"]) as copy:
        for first in range(0, len(batch), PIECE):
            for user in batch[first : first + PIECE]:
                for table, line in user.lines():
                    lines[table].append(line)
            checks += len(lines["user_kyc"])
            copy.write("".join(lines.pop("user_kyc")))
    for table, written in lines.items():
        with cursor.copy(COPY[table]) as copy:
            copy.write("".join(written))
    return checks + sum(map(len, lines.values()))


def _analyze() -> None:
    """Fresh statistics; Postgres skips, with a warning, what this role may not analyze."""
    with db.engine.begin() as connection:
        connection.execute(text(f"ANALYZE {', '.join(COLUMNS)}"))


class _User:
    """User ``number`` of ``users`` as lines for COPY; every fact follows from the number.

    They came one after the other, as in life, so that indexes by time grow at their end.
    """

    def __init__(self, number: int, users: int, at: datetime) -> None:
        digits = hashlib.blake2b(b"%d" % number).hexdigest()
        self.number, self.at = number, at
        self._came = at - DAY - (1 - number / users) * SPAN
        self.auth_id, self.user_id = _uuid(digits[:32]), _uuid(digits[32:64])
        self._lot = int(digits[64:], 16)
        is_twin = number > 0 and number % TWINS == 0
        self.has_twin = is_twin or ((number + 1) % TWINS == 0 and number + 1 < users)
        self.who = number - 1 if is_twin else number
        self.number_hash = document_hash(nik(self.who))
        self.document_type = TYPES[self._draw(len(TYPES))]
        self.status = STATUSES[self._draw(len(STATUSES))]

    def lines(self) -> Iterator[tuple[str, str]]:
        """Each row with the table it belongs to."""
        yield from self._account()
        yield from self._decided()
        if self.number % 5 == 2:
            yield self._pending()

    def _draw(self, most: int) -> int:
        """A number below ``most``, another one each time."""
        self._lot, drawn = divmod(self._lot, most)
        return drawn

    def _account(self) -> Iterator[tuple[str, str]]:
        name = fullname(self.who)
        email = f"{name.replace(' ', '.').replace(chr(39), '').lower()}.{self.number}@pelanggan.example"
        phone = f"+62812{self.number:08}"
        joined = self._came - 10 * DAY - self._draw(86_400) / 2_880 * DAY
        status = "active" if self._draw(50) else "inactive"
        preferences = PREFERENCES[self._draw(len(PREFERENCES))]
        yield "users_auth", _line(self.auth_id, email, phone, status, joined, joined)
        yield (
            "user_profile",
            _line(self.user_id, self.auth_id, name, email, phone, preferences, status, joined, joined),
        )

    def _decided(self) -> Iterator[tuple[str, str]]:
        """A check of his first days, and what was decided on it."""
        kyc_id = self._id("decided")
        created = self._came - timedelta(microseconds=self._draw(10 * 86_400_000_000))
        decided = created + timedelta(seconds=600 + self._draw(72_000))
        ended = decided + (self.at - decided) / 2 if self.status is KycStatus.EXPIRED else None
        yield "user_kyc", self._check(kyc_id, created, ended or decided, version=3 if ended else 2)
        yield "kyc_decisions", self._decision(kyc_id, decided)
        if ended:
            yield "kyc_decisions", _line(self._id("end"), kyc_id, self.status, NULL, ended, "{}", "{}")

    def _decision(self, kyc_id: str, decided: datetime) -> str:
        reviewer = DIAN if self.number % 2 else RINA
        if self.status is KycStatus.REJECTED:
            reasons = REASONS[self._draw(len(REASONS))]
            return _line(self._id("decision"), kyc_id, self.status, reviewer, decided, "{}", reasons)
        return _line(self._id("decision"), kyc_id, KycStatus.VERIFIED, reviewer, decided, CHECKLIST, "{}")

    def _pending(self) -> tuple[str, str]:
        """A check of the last three days: the next attempt of a rejected document, or another document."""
        created = self.at - timedelta(microseconds=self._draw(3 * 86_400_000_000))
        is_again = self.status is KycStatus.REJECTED
        if not is_again:
            self.document_type = AFTER[self.document_type]
        self.status = KycStatus.PENDING
        return "user_kyc", self._check(self._id("pending"), created, created, attempt=2 if is_again else 1)

    def _check(self, kyc_id: str, created: datetime, updated: datetime, *, attempt: int = 1, version: int = 1) -> str:
        is_valid_sim = self.document_type is DocumentType.SIM and self.status is KycStatus.VERIFIED
        return _line(
            kyc_id,
            self.user_id,
            self.status,
            self.document_type,
            self.number_hash,
            f"kyc/{kyc_id}/front.jpg",
            f"kyc/{kyc_id}/selfie.jpg",
            created,
            updated,
            attempt,
            self.has_twin,
            (self.at + (1 + self._draw(1800)) * DAY).date() if is_valid_sim else NULL,
            version,
        )

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
    """The name of person ``number``, fit for where his NIK says."""
    return _region(number).name(number * 2_654_435_761 % 2**32, is_woman=_is_woman(number))


def _region(number: int) -> Region:
    """Another one for the next number, and for the next with the same serial and district."""
    return REGIONS[(number + number // (SERIALS * DISTRICTS)) % len(REGIONS)]


def _is_woman(number: int) -> bool:
    return bool(number // 3 % 2)


def _uuid(digits: str) -> str:
    """A random-looking UUID of these hexadecimal digits."""
    return f"{digits[:12]}4{digits[13:16]}8{digits[17:]}"


def _line(*values: object) -> str:
    return "\t".join(map(str, values)) + "\n"
