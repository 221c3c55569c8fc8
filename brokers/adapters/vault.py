"""Brokers' secrets: encrypted with keys of their own, and bound to the connection they are for.

AES-256-GCM with the connection's id as associated data: a blob that is moved to another connection
doesn't open there. Each blob names the key it was made with, so that keys can be changed one after
the other.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from common.errors import Unavailable

_VERSION = 1
_NONCE_BYTES, _KEY_BYTES = 12, 32


class NoKeys(Unavailable):
    """This site has no keys to keep brokers' secrets with: whoever runs it must set BROKER_KEYS."""

    code = "no-broker-keys"


class Unopenable(Unavailable):
    """The stored secret can't be opened: its key is gone, or it isn't this connection's."""

    code = "secret-unopenable"


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """An encrypted secret: which key opens it, and the text that is stored."""

    key_id: str
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class _Ring:
    """The keys by their ids, the one that seals first."""

    keys: Mapping[str, AESGCM]

    @property
    def active(self) -> str:
        return next(iter(self.keys), "")


def is_open() -> bool:
    """Tell whether there is a key to seal with."""
    return bool(_ring(settings.BROKER_KEYS).active)


def active_key_id() -> str:
    """Return the id of the key that seals.

    Raises:
        NoKeys: there is none.
    """
    active = _ring(settings.BROKER_KEYS).active
    if not active:
        raise NoKeys
    return active


def seal(secret: Mapping[str, str], *, connection_id: str) -> Sealed:
    """Encrypt a connection's secret with the newest key.

    Raises:
        NoKeys: there is none.
    """
    key_id = active_key_id()
    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = _ring(settings.BROKER_KEYS).keys[key_id]
    body = cipher.encrypt(nonce, json.dumps(dict(secret)).encode(), _bound_to(connection_id))
    return Sealed(key_id, base64.b64encode(bytes([_VERSION]) + nonce + body).decode())


def unseal(sealed: Sealed, *, connection_id: str) -> dict[str, str]:
    """Decrypt the secret of a connection.

    Raises:
        Unopenable: the key is gone, the text was changed, or it is another connection's.
    """
    cipher = _ring(settings.BROKER_KEYS).keys.get(sealed.key_id)
    if cipher is None:
        raise Unopenable
    try:
        blob = base64.b64decode(sealed.text, validate=True)
        nonce, body = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
        if blob[:1] != bytes([_VERSION]):
            raise Unopenable
        known: dict[str, str] = json.loads(cipher.decrypt(nonce, body, _bound_to(connection_id)))
    except (InvalidTag, ValueError) as error:
        # From nowhere: what went wrong inside says nothing that may be shown.
        raise Unopenable from error
    return known


def _bound_to(connection_id: str) -> bytes:
    return f"brokers.connection:{connection_id}:secret".encode()


@cache
def _ring(text: str) -> _Ring:
    keys: dict[str, AESGCM] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        key_id, _, encoded = part.partition(":")
        try:
            key = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except binascii.Error:
            key = b""
        if not key_id.isalnum() or len(key_id) > 16 or len(key) != _KEY_BYTES or key_id in keys:
            # Without the text: it may hold a key.
            raise ImproperlyConfigured(
                "BROKER_KEYS must be a list of id:key, each key 32 bytes in base64."
            )
        keys[key_id] = AESGCM(key)
    return _Ring(keys)
