"""Field encryption in the application: values are ciphertext before MongoDB sees them.

One data key per purpose lies in a key vault collection, wrapped by a named key of the configuration. The document's id
goes into what is encrypted and is compared afterwards, since the ciphertext says nothing of where it belongs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bson import Binary, CodecOptions, UuidRepresentation
from pymongo import timeout
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, EncryptionError
from pymongo.read_concern import ReadConcern

from portal.shared.errors import N_, Refused
from portal.shared.mongo import Document, Mongo, mongo

if TYPE_CHECKING:
    from pymongo.encryption import ClientEncryption

COLLECTION = "__keyVault"
ALGORITHM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"
PATIENCE = 4.0  # a key service that does not answer costs seconds, not workers
HEADER = 18  # the algorithm, the data key's id, the type of what is inside
LOST_KEY = N_("The key of this value is not in the key vault. Restore the vault from its backup.")
UNKNOWN_PROVIDER = N_("This value is locked by a key that the portal no longer has. Put it back into FIELD_KEYS.")
WRONG_KEY = N_("The key that locks this value is another one in FIELD_KEYS now. Put the former back under its name.")
UNREACHABLE = N_("The key service does not answer. Try again in a minute.")
DAMAGED = N_("This value is damaged or was changed, and cannot be shown.")
MISPLACED = N_("This value belongs to another document, and is not shown.")


@dataclass(frozen=True, slots=True)
class FieldKey:
    """A named key that wraps data keys: 96 bytes of our own, or one that AWS keeps (``master``: region and key)."""

    provider: str
    credentials: Mapping[str, Any] = field(repr=False)
    master: Mapping[str, str] | None = None


class Vault:
    """Encrypts and decrypts values under the keys of the configuration, the newest first."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo
        self.keys: tuple[FieldKey, ...] = ()
        self._engine: tuple[object, tuple[FieldKey, ...], ClientEncryption[Document]] | None = None

    def configure(self, keys: tuple[FieldKey, ...]) -> None:
        self.keys, self._engine = keys, None

    def prepare(self) -> None:
        """Two data keys of one name cannot be, so that the first use of a purpose makes one only."""
        self._data_keys.create_index(
            "keyAltNames", unique=True, partialFilterExpression={"keyAltNames": {"$exists": True}}
        )

    def lock(self, purpose: str, document_id: UUID, value: Document) -> Binary:
        """The ciphertext of a value that belongs to this document; :class:`Refused` when its key cannot be used."""
        key_id = self._usable(self._key_of(purpose))
        return self._encryption().encrypt({"_id": document_id, "value": value}, ALGORITHM, key_id=key_id)

    def open(self, document_id: UUID, ciphertext: bytes) -> Document:
        """The value; :class:`Refused` says what is wrong when it cannot be read or belongs to another document."""
        if len(ciphertext) < HEADER:
            raise Refused(DAMAGED)
        try:
            with timeout(PATIENCE):
                inside = self._encryption().decrypt(Binary(ciphertext, 6))
        except EncryptionError:
            self._usable(self._data_keys.find_one({"_id": UUID(bytes=ciphertext[1:17])}))
            raise Refused(DAMAGED) from None  # the key is not at fault
        if not isinstance(inside, Mapping) or inside.get("_id") != document_id:
            raise Refused(MISPLACED)
        return dict(inside["value"])

    def rotate(self) -> int:
        """Wrap every data key by the newest key; returns how many changed. Values stay readable throughout.

        One after the other: whoever was killed half way is finished by the next.
        """
        newest, changed = self.keys[0], 0
        for key in list(self._data_keys.find({"masterKey.provider": {"$ne": newest.provider}})):
            only = {"_id": Binary.from_uuid(self._usable(key))}
            try:
                with timeout(PATIENCE):
                    self._encryption().rewrap_many_data_key(only, provider=newest.provider, master_key=newest.master)
            except EncryptionError:
                raise Refused(UNREACHABLE) from None
            changed += 1
        return changed

    def _key_of(self, purpose: str) -> Document | None:
        """The purpose's data key; made when it has none."""
        named = {"keyAltNames": purpose}
        found = self._data_keys.find_one(named)
        if found is None:
            self._make(purpose)
            # Whoever else makes it at this moment may not have heard from the majority yet: this waits for that.
            found = self._data_keys.with_options(read_concern=ReadConcern("linearizable")).find_one(named)
        return found

    def _make(self, purpose: str) -> None:
        newest = self.keys[0]
        try:
            with timeout(PATIENCE):
                self._encryption().create_data_key(newest.provider, newest.master, key_alt_names=[purpose])
        except EncryptionError as error:
            if not isinstance(error.cause, DuplicateKeyError):
                raise Refused(UNREACHABLE) from None

    def _usable(self, key: Document | None) -> UUID:
        """The data key's id, once it is certain that the configuration opens it."""
        if key is None:
            raise Refused(LOST_KEY)
        provider = key["masterKey"]["provider"]
        if provider not in {known.provider for known in self.keys}:
            raise Refused(UNKNOWN_PROVIDER)
        try:
            with timeout(PATIENCE):
                self._encryption().encrypt("", ALGORITHM, key_id=key["_id"])
        except EncryptionError:
            raise Refused(WRONG_KEY if provider.startswith("local:") else UNREACHABLE) from None
        key_id: UUID = key["_id"]
        return key_id

    @property
    def _data_keys(self) -> Collection[Document]:
        """Read as encrypting and decrypting read them: what a majority has."""
        return self.mongo.database.get_collection(COLLECTION, read_concern=ReadConcern("majority"))

    def _encryption(self) -> "ClientEncryption[Document]":
        """One for this client and these keys; made on first use, as the client is."""
        from pymongo.encryption import ClientEncryption  # 85 ms, and most pages lock nothing

        database, keys, engine = self.mongo.database, self.keys, self._engine
        if engine is None or engine[0] is not database.client or engine[1] is not keys:
            options: CodecOptions[Document] = CodecOptions(
                document_class=dict, tz_aware=True, uuid_representation=UuidRepresentation.STANDARD
            )
            providers = {key.provider: dict(key.credentials) for key in keys}
            encryption: ClientEncryption[Document] = ClientEncryption(
                providers, f"{database.name}.{COLLECTION}", database.client, options
            )
            engine = self._engine = (database.client, keys, encryption)
        return engine[2]


vault = Vault(mongo)
