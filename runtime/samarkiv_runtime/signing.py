"""Ed25519 keys in files: receipts (kept for ever, the same bytes again after a rebuild) and tokens (new monthly)."""

import base64
import hashlib
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from samarkiv_contracts.problems import Unavailable

MONTH_S = 30 * 24 * 3600
AHEAD_S = 24 * 3600
AFTER_S = 600
_NAME = re.compile(r"^(?P<kind>[a-z]+)\.(?P<active>\d{12})\.(?P<kid>[A-Za-z0-9_-]{16})\.pem$")


def b64url(data: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class SigningKey:
    """One key pair; `active` is the epoch second from which it signs."""

    kid: str
    active: int
    private: Ed25519PrivateKey

    def private_pem(self) -> bytes:
        """Return the private half as PKCS #8 PEM, for the token library and the key file."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def jwk(self) -> dict[str, str]:
        """Return the public half as a JWK."""
        raw = self.private.public_key().public_bytes_raw()
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "Ed25519",
            "use": "sig",
            "kid": self.kid,
            "x": b64url(raw),
        }


class Signer:
    """Signs with the newest active key of one kind; every key that is in the folder still verifies."""

    def __init__(self, folder: Path, kind: str, now: Callable[[], int]) -> None:
        self._folder = folder
        self._kind = kind
        self._now = now
        self._keys: list[SigningKey] = []

    @classmethod
    def open(cls, folder: Path, kind: str, now: Callable[[], int]) -> "Signer":
        """Read the keys of `kind` (`receipts`, `tokens`) and make the first one; `now` gives epoch seconds.

        Raises Unavailable when a key file can be read by others.
        """
        signer = cls(folder, kind, now)
        signer.reload()
        if not signer._keys:
            signer._make(active=0)
            signer.reload()
        return signer

    def reload(self) -> None:
        """Read the folder again (another process may have made a key)."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        keys = []
        for path in sorted(self._folder.iterdir()):
            match = _NAME.match(path.name)
            if match and match["kind"] == self._kind:
                if stat.S_IMODE(path.stat().st_mode) & 0o077:
                    raise Unavailable(
                        f"Nyckelfilen {path.name} kan läsas av andra; sätt rättigheten 0600.",
                        f"The key file {path.name} can be read by others; set its mode to 0600.",
                    )
                private = serialization.load_pem_private_key(path.read_bytes(), password=None)
                if isinstance(private, Ed25519PrivateKey):
                    keys.append(SigningKey(match["kid"], int(match["active"]), private))
        self._keys = sorted(keys, key=lambda key: (key.active, key.kid))

    def _make(self, active: int) -> None:
        private = Ed25519PrivateKey.generate()
        kid = b64url(hashlib.sha256(private.public_key().public_bytes_raw()).digest())[:16]
        path = self._folder / f"{self._kind}.{active:012d}.{kid}.pem"
        descriptor = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(SigningKey(kid, active, private).private_pem())
            file.flush()
            os.fsync(file.fileno())
        path.with_suffix(".new").rename(path)
        folder = os.open(self._folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def rotate(self) -> bool:
        """Make next month's key a day before it signs; returns whether one was made. For token keys only."""
        newest = self._keys[-1]
        started = newest.active or int(self._file_time(newest))
        if self._now() < started + MONTH_S - AHEAD_S:
            return False
        self._make(active=self._now() + AHEAD_S)
        self.reload()
        return True

    def _file_time(self, key: SigningKey) -> float:
        return next(path.stat().st_mtime for path in self._folder.iterdir() if f".{key.kid}." in path.name)

    @property
    def current(self) -> SigningKey:
        """Return the key that signs now."""
        now = self._now()
        return next(key for key in reversed(self._keys) if key.active <= now)

    def sign(self, data: bytes) -> tuple[str, bytes]:
        """Return key id and signature; the same bytes and key give the same signature."""
        key = self.current
        return key.kid, key.private.sign(data)

    def verify(self, kid: str, data: bytes, signature: bytes) -> bool:
        """Return whether `signature` is ours on `data`; False for an unknown key id."""
        for key in self._keys:
            if key.kid == kid:
                try:
                    key.private.public_key().verify(signature, data)
                except InvalidSignature:
                    return False
                return True
        return False

    def jwks(self, *, all_keys: bool = True) -> dict[str, Any]:
        """Return the public keys; `all_keys` False leaves out those replaced for more than ten minutes (tokens)."""
        keys = self._keys
        if not all_keys:
            now = self._now()
            gone = {
                old.kid
                for old, new in zip(self._keys, self._keys[1:], strict=False)
                if new.active + AFTER_S <= now
            }
            keys = [key for key in keys if key.kid not in gone]
        return {"keys": [key.jwk for key in keys]}


def verify_with(jwk: dict[str, Any], data: bytes, signature: bytes) -> bool:
    """Return whether a signature holds by a public JWK alone, as a producer would check a receipt."""
    raw = base64.urlsafe_b64decode(str(jwk["x"]) + "=" * (-len(str(jwk["x"])) % 4))
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, data)
    except InvalidSignature:
        return False
    return True
