"""A device with passkeys, in a few lines: what a browser and its authenticator answer to the portal's questions."""

import hashlib
import json
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import uuid4

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from portal import config

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Device:
    """Holds one passkey; ``origin``, ``host`` and ``flags`` are what an honest one would say."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = uuid4().bytes
        self.user = b""
        self.count = 0
        self.flags = PRESENT | VERIFIED
        self.origin = config.current().public_url
        self.host = "localhost"

    def created(self, question: dict[str, Any]) -> str:
        """The answer to the question for a new passkey."""
        self.user = decoded(question["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        credential = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(public)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + credential}
        return self._answer(
            clientDataJSON=encoded(self._client("webauthn.create", question)),
            attestationObject=encoded(cbor2.dumps(attestation)),
        )

    def signed(self, question: dict[str, Any]) -> str:
        """The answer of whoever signs in or confirms."""
        self.count += 1
        client, data = self._client("webauthn.get", question), self._data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=encoded(client),
            authenticatorData=encoded(data),
            signature=encoded(signature),
            userHandle=encoded(self.user),
        )

    def _data(self, more: int = 0) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + struct.pack(">BI", self.flags | more, self.count)

    def _client(self, kind: str, question: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": question["challenge"], "origin": self.origin}).encode()

    def _answer(self, **response: str) -> str:
        return json.dumps(
            {"id": encoded(self.id), "rawId": encoded(self.id), "type": "public-key", "response": response}
        )
