"""Answers what programs read most, from memory: quotes and summaries, before Django.

An answer is Django's own, kept for a second at most. It is given only to who could have had it
from Django: the token is verified here, and who it stands for, by which password, and everything
else on which Django's answer hangs is part of the key. A write of their own, another password or
a deactivation changes their mark, so that no kept answer fits any more (`common.freshness`).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from time import time
from typing import Any

import structlog
from redis.exceptions import RedisError
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken

from common import freshness, keys, redis
from common.gathering import GatheredReads

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger(__name__)

_HOT = re.compile(r"/api/v1/(?:quotes|portfolios/[0-9a-f]{24}/summary)/")
_BEARER = b"Bearer "
_MOST_TOKENS = 10_000
_MOST_TEXTS = 500
_MOST_BYTES = 256 * 1_024
#: How long Redis is left alone after it didn't answer.
_PAUSE_SECONDS = 1.0
#: What an answer hangs on besides its address and who asks.
_TOLD = (b"host", b"x-forwarded-proto", b"x-forwarded-host", b"accept-language")
#: A browser asks for a page about the answer; whoever asks so is Django's.
_PLAIN = {b"", b"*/*", b"application/json"}
#: What belongs to one answer alone.
_ITS_OWN = {b"x-request-id", b"date", b"server"}


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

    user_id: str
    #: Where its answer is kept.
    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What Django has said."""

    headers: list[tuple[bytes, bytes]]
    body: bytes

    def written(self, mark: str) -> str:
        """Return it as it is kept."""
        names = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in self.headers]
        return f"{mark}\n{json.dumps(names)}\n{self.body.decode()}"

    @classmethod
    def of(cls, kept: str | None, mark: str | None) -> Answer | None:
        """Return what is kept, if it was kept under this mark."""
        if kept is None or mark is None:
            return None
        seen, headers, body = kept.split("\n", 2)
        if seen != mark:
            return None
        pairs = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in json.loads(headers)
        ]
        return cls(pairs, body.encode())

    async def send(self, send: Send) -> None:
        """Give it to a client."""
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


class Tokens:
    """Verifies access tokens, each once: it stays what it is until it expires."""

    def __init__(self) -> None:
        self._known: dict[bytes, Bearer] = {}

    def bearer(self, token: bytes) -> Bearer | None:
        """Return whom a token stands for; None leaves the refusal to Django."""
        found = self._known.get(token) or self._verified(token)
        return found if found is not None and found.expires_at > time() else None

    def _verified(self, token: bytes) -> Bearer | None:
        try:
            verified = AccessToken(token)  # type: ignore[arg-type]  # the stubs want a token here
        except (TokenError, UnicodeDecodeError):
            return None
        user_id = verified.get(api_settings.USER_ID_CLAIM)
        password_mark = verified.get(api_settings.REVOKE_TOKEN_CLAIM)
        if not isinstance(user_id, str) or not isinstance(password_mark, str):
            return None
        if len(self._known) >= _MOST_TOKENS:
            self._known.clear()
        found = Bearer(user_id, password_mark, float(verified["exp"]))
        self._known[token] = found
        return found


class HotReads:
    """An ASGI application in front of another one."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._tokens = Tokens()
        self._reads = GatheredReads()
        self._flights: dict[tuple[str, str], asyncio.Future[Answer | None]] = {}
        self._texts: dict[str, tuple[str, Answer | None, str | None]] = {}
        self._rests_until = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or have it answered."""
        question = self._question(scope)
        if question is None or time() < self._rests_until:
            await self._application(scope, receive, send)
            return
        try:
            mark, kept = await self._reads.read(keys.FRESHNESS.of(question.user_id), question.key)
            answer = self._read(question, kept, mark)
            mark = mark or await freshness.mark_of(question.user_id)
        except RedisError as failure:
            self._rests_until = time() + _PAUSE_SECONDS
            log.warning("hot_reads.unreachable", reason=type(failure).__name__)
            await self._application(scope, receive, send)
            return
        if answer is not None:
            await answer.send(send)
        else:
            await self._share(question, mark, scope, receive, send)

    def _read(self, question: Question, kept: str | None, mark: str | None) -> Answer | None:
        """Return what is kept, if it was kept under this mark; the same text is read once."""
        if kept is None or mark is None:
            return None
        text, answer, seen = self._texts.get(question.key, ("", None, None))
        if kept == text and seen == mark:
            return answer
        answer = Answer.of(kept, mark)
        if len(self._texts) >= _MOST_TEXTS:
            self._texts.clear()
        self._texts[question.key] = kept, answer, mark
        return answer

    def _question(self, scope: Scope) -> Question | None:
        if scope["method"] != "GET" or not _HOT.fullmatch(scope["path"]):
            return None
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        credential = headers.get(b"authorization", b"")
        if not credential.startswith(_BEARER) or headers.get(b"accept", b"") not in _PLAIN:
            return None
        bearer = self._tokens.bearer(credential.removeprefix(_BEARER))
        if bearer is None:
            return None
        parts = (
            scope["scheme"].encode(),
            scope["path"].encode(),
            scope["query_string"],
            bearer.user_id.encode(),
            bearer.password_mark.encode(),
            *(headers.get(name, b"") for name in _TOLD),
        )
        # With their lengths, so that no two questions are written alike.
        text = b"".join(b"%d:%b" % (len(part), part) for part in parts)
        return Question(bearer.user_id, keys.HOT_READ.of(sha256(text).hexdigest()))

    async def _share(
        self, question: Question, mark: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Have Django asked once for all who ask the same under the same mark."""
        # Under another mark the data may be read already, and be older than what is asked for.
        flight = self._flights.get((question.key, mark))
        if flight is None:
            await self._fill(question, mark, scope, receive, send)
            return
        answer = await asyncio.shield(flight)
        if answer is None:
            await self._application(scope, receive, send)
        else:
            await answer.send(send)

    async def _fill(
        self, question: Question, mark: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        place = question.key, mark
        flight = self._flights[place] = asyncio.get_running_loop().create_future()

        def land(answer: Answer | None) -> None:
            # Once: who asks later wants what holds later.
            if not flight.done():
                del self._flights[place]
                flight.set_result(answer)

        listener = _Listener(send, on_whole=land)
        try:
            await self._application(scope, receive, listener.send)
        finally:
            land(None)
        answer = flight.result()
        if answer is not None:
            await _keep(question, answer.written(mark))


class _Listener:
    """Passes an answer on, and says what it was as soon as it is whole."""

    def __init__(self, send: Send, *, on_whole: Callable[[Answer | None], None]) -> None:
        self._send = send
        self._on_whole = on_whole
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            pairs = ((bytes(name).lower(), bytes(value)) for name, value in message["headers"])
            self._headers = [pair for pair in pairs if pair[0] not in _ITS_OWN]
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                # Before it is passed on: a client that reads slowly keeps nobody else waiting.
                self._on_whole(self._answer())
        await self._send(message)

    def _answer(self) -> Answer | None:
        """Return the answer, if it is worth keeping."""
        is_everybodys = all(name != b"set-cookie" for name, _ in self._headers)
        is_good = self._status == HTTPStatus.OK and len(self._body) <= _MOST_BYTES
        return Answer(self._headers, bytes(self._body)) if is_good and is_everybodys else None


async def _keep(question: Question, text: str) -> None:
    try:
        await redis.async_client().set(question.key, text, ex=keys.HOT_READ.ttl_seconds)
    except RedisError as failure:
        log.warning("hot_reads.unreachable", reason=type(failure).__name__)
