"""What is read so often that it is answered before Django, and by whom."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import Any

from bson import ObjectId
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken

from common import keys

Scope = MutableMapping[str, Any]

_HOT = re.compile(r"/api/v1/(?:quotes|portfolios/([0-9a-f]{24})/summary)/")
_BEARER = b"Bearer "
_MOST = 10_000
#: What an answer hangs on besides its address and who asks.
_TOLD = (b"host", b"x-forwarded-proto", b"x-forwarded-host", b"accept-language")
#: A browser asks for a page about the answer; whoever asks so is Django's.
_PLAIN = {b"", b"*/*", b"application/json"}


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token stands for."""

    user_id: str
    #: Changes with the password.
    password_mark: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody reads."""

    bearer: Bearer
    #: Where the asker's mark is, and where the answer is kept.
    mark_key: str
    key: str
    #: What else the headers of an answer hang on.
    manner: tuple[bytes | None, ...]
    #: Of whose summary, without anything else, is asked for.
    portfolio_id: ObjectId | None


class Questions:
    """Tells the questions that are answered before Django from all others.

    Each is looked at closely once: a token stays what it is until it expires, and equal questions
    have the same answer.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Question] = {}

    def find(self, scope: Scope) -> Question | None:
        """Return what is asked; None leaves it to Django, be it only to refuse it."""
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        asked = (
            headers.get(b"authorization", b""),
            scope["path"],
            scope["query_string"],
            scope["method"],
            scope["scheme"],
            headers.get(b"accept", b""),
            *map(headers.get, _TOLD),
        )
        found = self._known.get(asked) or self._recognized(asked)
        return found if found is not None and found.bearer.expires_at > time() else None

    def _recognized(self, asked: tuple[Any, ...]) -> Question | None:
        credential, path, query, method, scheme, accept, *told = asked
        address = _HOT.fullmatch(path)
        if method != "GET" or address is None or accept not in _PLAIN:
            return None
        if not credential.startswith(_BEARER):
            return None
        bearer = _verified(credential.removeprefix(_BEARER))
        if bearer is None:
            return None
        parts = (
            scheme.encode(),
            path.encode(),
            query,
            bearer.user_id.encode(),
            bearer.password_mark.encode(),
            *(value or b"" for value in told),
        )
        # With their lengths, so that no two questions are written alike.
        text = b"".join(b"%d:%b" % (len(part), part) for part in parts)
        if len(self._known) >= _MOST:
            self._known.clear()
        found = self._known[asked] = Question(
            bearer,
            mark_key=keys.FRESHNESS.of(bearer.user_id),
            key=keys.HOT_READ.of(sha256(text).hexdigest()),
            manner=(scheme.encode(), *told),
            portfolio_id=ObjectId(address[1]) if address[1] and not query else None,
        )
        return found


def _verified(token: bytes) -> Bearer | None:
    try:
        verified = AccessToken(token)  # type: ignore[arg-type]  # the stubs want a token here
    except (TokenError, UnicodeDecodeError):
        return None
    user_id = verified.get(api_settings.USER_ID_CLAIM)
    password_mark = verified.get(api_settings.REVOKE_TOKEN_CLAIM)
    if not isinstance(user_id, str) or not isinstance(password_mark, str):
        return None
    return Bearer(user_id, password_mark, float(verified["exp"]))
