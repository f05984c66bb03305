"""Field encryption in the application: values are ciphertext before MongoDB sees them.

One data key per purpose lies in a key vault collection, wrapped by a named key of the configuration. The document's id
goes into what is encrypted and is compared afterwards, since the ciphertext says nothing of where it belongs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bson import Binary, CodecOptions, UuidRepresentation
from pymongo.encryption import ClientEncryption
from pymongo.errors import DuplicateKeyError, EncryptionError, PyMongoError

from portal.shared.errors import N_, Refused
from portal.shared.mongo import Document, Mongo, mongo

COLLECTION = "__keyVault"
ALGORITHM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"
LOST_KEY = N_("The key of this value is not in the key vault. Restore the vault from its backup.")
UNKNOWN_PROVIDER = N_("This value is locked by a key that the portal no longer has. Put it back into FIELD_KEYS.")
UNREACHABLE = N_("The key service does not answer. Try again in a minute.")
DAMAGED = N_("This value is damaged or was changed, and cannot be shown.")
MISPLACED = N_("This value belongs to another document, and is not shown.")


@dataclass(frozen=True, slots=True)
class FieldKey:
    """A named key that wraps data keys: 96 bytes of our own, or one that AWS keeps (``master``: region and key)."""

    provider: str
    credentials: Mapping[str, Any]
    master: Mapping[str, str] | None = None


class Vault:
    """Encrypts and decrypts values under the keys of the configuration, the newest first."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo
        self.keys: tuple[FieldKey, ...] = ()
        self._engine: tuple[object, ClientEncryption[Document]] | None = None

    def configure(self, keys: tuple[FieldKey, ...]) -> None:
        self.keys, self._engine = keys, None

    def prepare(self) -> None:
        """Two data keys of one name cannot be, so that the first use of a purpose makes one only."""
        self.mongo.database[COLLECTION].create_index(
            "keyAltNames", unique=True, partialFilterExpression={"keyAltNames": {"$exists": True}}
        )

    def lock(self, purpose: str, document_id: UUID, value: Document) -> Binary:
        """The ciphertext of a value that belongs to this document."""
        self._require_key(purpose)
        return self._encryption().encrypt(
            {"_id": document_id, "value": value},
            ALGORITHM,
            key_alt_name=purpose,
        )

    def open(self, document_id: UUID, ciphertext: bytes) -> Document:
        """The value; :class:`Refused` says what is wrong when it cannot be read or belongs to another document."""
        try:
            inside = self._encryption().decrypt(Binary(ciphertext, 6))
        except EncryptionError as error:
            raise Refused(self._fault(ciphertext, error)) from None
        if not isinstance(inside, Mapping) or inside.get("_id") != document_id:
            raise Refused(MISPLACED)
        return dict(inside["value"])

    def rotate(self) -> int:
        """Wrap every data key by the newest key; returns how many changed. Values stay readable throughout."""
        newest = self.keys[0]
        older = {"masterKey.provider": {"$ne": newest.provider}}
        rewrapped = self._encryption().rewrap_many_data_key(older, provider=newest.provider, master_key=newest.master)
        return rewrapped.bulk_write_result.modified_count if rewrapped.bulk_write_result else 0

    def _require_key(self, purpose: str) -> None:
        encryption, newest = self._encryption(), self.keys[0]
        if encryption.get_key_by_alt_name(purpose) is None:
            try:
                encryption.create_data_key(newest.provider, master_key=newest.master, key_alt_names=[purpose])
            except (DuplicateKeyError, EncryptionError):  # somebody else made it at the same moment
                if encryption.get_key_by_alt_name(purpose) is None:
                    raise

    def _encryption(self) -> ClientEncryption[Document]:
        database = self.mongo.database
        if self._engine is None or self._engine[0] is not database.client:
            options: CodecOptions[Document] = CodecOptions(
                document_class=dict, tz_aware=True, uuid_representation=UuidRepresentation.STANDARD
            )
            providers = {key.provider: dict(key.credentials) for key in self.keys}
            encryption: ClientEncryption[Document] = ClientEncryption(
                providers, f"{database.name}.{COLLECTION}", database.client, options
            )
            self._engine = (database.client, encryption)
        return self._engine[1]

    def _fault(self, ciphertext: bytes, error: EncryptionError) -> str:
        """What is wrong, by the data key that the ciphertext names in its bytes 1 to 16."""
        if len(ciphertext) < 17:
            return DAMAGED
        if isinstance(error.cause, PyMongoError):
            raise error.cause
        key = self.mongo.database[COLLECTION].find_one({"_id": Binary(ciphertext[1:17], 4)}, {"masterKey": 1})
        if key is None:
            return LOST_KEY
        provider = key["masterKey"]["provider"]
        if provider not in {key.provider for key in self.keys}:
            return UNKNOWN_PROVIDER
        return DAMAGED if provider.startswith("local") else UNREACHABLE


vault = Vault(mongo)
