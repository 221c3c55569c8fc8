"""Asks OpenFIGI; `parser` says how, and reads it."""

from __future__ import annotations

from collections.abc import Sequence

from common.remote.errors import BadRequest, RemoteFailure
from common.remote.http import HttpClient, Service
from marketdata.adapters.openfigi.parser import job_of, parse_mapping
from marketdata.domain.identifiers import Identified, Question
from marketdata.domain.instruments import AssetClass
from marketdata.domain.sources import Capabilities, Need

BASE_URL = "https://api.openfigi.com"
#: How often anybody may ask, and whoever has a key.
OPEN_LIMITS, KEYED_LIMITS = ("25/minute",), ("25/6 second",)
_OPEN_JOBS, _KEYED_JOBS = 10, 100
_TOO_LARGE = 413


class TooManyQuestions(BadRequest):
    """It doesn't take so many at once."""

    code = "too-many-questions"


class OpenFigiSource:
    """The identifiers of shares and funds that every market shares."""

    name = "openfigi"
    capabilities = Capabilities(
        needs=frozenset({Need.IDENTITY}),
        asset_classes=frozenset({AssetClass.STOCK, AssetClass.ETF, AssetClass.FUND}),
    )

    def __init__(self, client: HttpClient, *, most_at_once: int = _OPEN_JOBS) -> None:
        self._client = client
        self.most_at_once = most_at_once

    @classmethod
    def of_account(cls, *, key: str = "", base_url: str = BASE_URL) -> OpenFigiSource:
        """Build the source that asks with somebody's key, or with none."""
        service = Service(
            name=cls.name,
            base_url=base_url,
            headers={"X-OPENFIGI-APIKEY": key} if key else {},
            limits=limits_of(key),
            refusal=_refusal,
        )
        return cls(HttpClient(service), most_at_once=_KEYED_JOBS if key else _OPEN_JOBS)

    def identify(self, questions: Sequence[Question]) -> Sequence[Identified]:
        """Return what is known of each instrument, in their order.

        How many it takes without a key has been told differently; where it takes fewer, it is asked
        for half as many from then on.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        jobs = [job_of(each) for each in questions]
        try:
            body = self._client.ask(
                "/v3/mapping", content=jobs, content_types=("application/json",)
            )
        except TooManyQuestions:
            if len(questions) == 1:
                raise
            half = len(questions) // 2
            self.most_at_once = min(self.most_at_once, half)
            return [*self.identify(questions[:half]), *self.identify(questions[half:])]
        return parse_mapping(body, asked=len(questions))


def limits_of(key: str) -> tuple[str, ...]:
    """Return how often it may be asked with a key, or with none."""
    return KEYED_LIMITS if key else OPEN_LIMITS


def _refusal(status: int, _body: bytes) -> type[RemoteFailure] | None:
    return TooManyQuestions if status == _TOO_LARGE else None
