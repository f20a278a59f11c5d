"""What the store of secrets is sealed with: AES-256-GCM under a key that scrypt makes of the passphrase.

cryptography takes a moment to import, so only sealing and opening imports it: every start imports this.
"""

import hashlib
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

NONCE_BYTES = 12
SALT_BYTES = 16
BLOCK = 8
COST = 2**17
"""Of scrypt: 128 MB and some tenths of a second for every guess."""
COSTS = range(2**10, 2**20 + 1)
"""Of a file that is read: more would take the machine's memory."""


class Broken(Exception):
    """What was sealed is not what is there, or was sealed with another key."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals bytes, and vouches for the `about` that stands in the open beside them."""

    _key: bytes = field(repr=False)

    def close(self, content: bytes, about: bytes) -> str:
        """Sealed under a nonce of its own, as text."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(NONCE_BYTES)
        return b64encode(nonce + AESGCM(self._key).encrypt(nonce, content, about)).decode()

    def open(self, sealed: str, about: bytes) -> bytes:
        """What was sealed. Raises `Broken`."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            raw = b64decode(sealed, validate=True)
            return AESGCM(self._key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], about)
        except (InvalidTag, ValueError) as error:
            raise Broken from error


def seal_of(passphrase: str, salt: bytes, cost: int) -> Seal:
    """The seal of a passphrase; takes as long as `cost` says."""
    memory = 130 * BLOCK * cost
    key = hashlib.scrypt(passphrase.encode(), salt=salt, n=cost, r=BLOCK, p=1, maxmem=memory, dklen=32)
    return Seal(key)
