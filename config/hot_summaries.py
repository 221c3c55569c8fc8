"""Summaries that nobody has at hand, written without Django's request and response.

What is said is the API's own; the headers around it are those of Django's last answer of the kind.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.db import DatabaseError
from pymongo.errors import PyMongoError

from common import clock
from common.gathering import Batches
from config.hot_answers import Answer
from config.hot_questions import Question
from portfolios.api.summaries import Asked, summary_bodies
from realtime.admission import in_database

log = structlog.get_logger(__name__)

#: So many take a tenth of a second at most; larger batches would be hardly cheaper.
_AT_ONCE = 64
#: Kinds of hosts, schemes and languages: few, unless somebody makes them up.
_MOST_MANNERS = 100
_LENGTH = b"content-length"


class HotSummaries:
    """Writes summaries, those that are asked for at the same time together."""

    def __init__(self) -> None:
        self._batches = Batches(_bodies, at_once=_AT_ONCE)
        self._headers: dict[tuple[bytes | None, ...], list[tuple[bytes, bytes]]] = {}

    def learn(self, question: Question, answer: Answer) -> None:
        """Remember how Django answers such a question."""
        if question.portfolio_id is None:
            return
        if len(self._headers) >= _MOST_MANNERS:
            self._headers.clear()
        self._headers[question.manner] = [pair for pair in answer.headers if pair[0] != _LENGTH]

    async def find(self, question: Question) -> Answer | None:
        """Return an answer of now, or None for what Django must say itself."""
        headers = self._headers.get(question.manner)
        if question.portfolio_id is None or headers is None:
            return None
        bearer = question.bearer
        asked = Asked(bearer.user_id, bearer.password_mark, question.portfolio_id)
        try:
            body = await self._batches.ask(asked)
        except (DatabaseError, PyMongoError) as failure:
            log.warning("hot_summaries.unreadable", reason=type(failure).__name__)
            return None
        if body is None:
            return None
        return Answer([*headers, (_LENGTH, b"%d" % len(body))], body)


async def _bodies(asked: Sequence[Asked]) -> list[bytes | None]:
    return await in_database(summary_bodies, asked, now=clock.now())
