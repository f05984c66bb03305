"""The demo's members of staff, and the password of all of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.auth import hash_password
from portal.demo.identity import id_of
from portal.permissions import Role
from portal.shared.actor import Actor
from portal.shared.vocabulary import Activity

PASSWORD = "portal-demo-2026"  # noqa: S105  docs/ name it: the application refuses these accounts unless DEMO=1


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff; ``left`` is how many days ago they lost their access."""

    name: str
    display_name: str
    role: Role
    left: int | None = None
    status: Activity = Activity.ACTIVE

    @property
    def auth_id(self) -> UUID:
        return id_of("staff", self.name)

    @property
    def actor(self) -> Actor:
        return Actor(self.auth_id, self.role, self.display_name)

    def account_row(self, at: datetime) -> dict[str, Any]:
        since = at - timedelta(days=730)
        return {
            "auth_id": self.auth_id,
            "email": f"{self.name}@portal.example",
            "password_hash": hash_password(PASSWORD),
            "status": self.status,
            "created_at": since,
            "updated_at": since,
        }

    def member_row(self, at: datetime) -> dict[str, Any]:
        return {
            "auth_id": self.auth_id,
            "role": self.role,
            "display_name": self.display_name,
            "created_at": at - timedelta(days=730),
            "created_by": None if self.name == "adi" else id_of("staff", "adi"),
            "deactivated_at": at - timedelta(days=self.left) if self.left else None,
        }


STAFF = (
    Colleague("adi", "Adi Santoso", Role.ADMIN),
    Colleague("rina", "Rina Wulandari", Role.KYC_REVIEWER),
    Colleague("dian", "Dian Kurnia", Role.KYC_REVIEWER),
    Colleague("bagas", "Bagas Nugroho", Role.CREDIT_ANALYST),
    Colleague("sari", "Sari Lestari", Role.CREDIT_ANALYST),
    Colleague("maya", "Maya Putri", Role.SUPPORT_AGENT),
    Colleague("yoga", "Yoga Saputra", Role.KYC_REVIEWER, left=75),
    Colleague("tuti", "Tuti Handayani", Role.SUPPORT_AGENT, left=20, status=Activity.INACTIVE),
)
RINA, DIAN, BAGAS, SARI, MAYA = (id_of("staff", name) for name in ("rina", "dian", "bagas", "sari", "maya"))
