"""Fetches the files of the European Central Bank; `parser` reads them."""

from __future__ import annotations

from datetime import date, timedelta

from common.remote.http import HttpClient, Service
from marketdata.adapters.ecb.parser import BASE, parse_xml, parse_zip
from marketdata.domain.instruments import AssetClass
from marketdata.domain.sources import Capabilities, Need, Parsed, ReferenceRates

BASE_URL = "https://www.ecb.europa.eu/stats/eurofxref"
LIMITS = ("30/minute",)
_XML = ("text/xml", "application/xml")
_ZIP = ("application/zip", "application/x-zip-compressed", "application/octet-stream")
#: The middle file has 90 calendar days; a few less are surely in it.
_MIDDLE = timedelta(days=85)


class EcbSource:
    """Daily reference rates of some thirty currencies against the euro.

    Published around 16:00 in Frankfurt on working days of the bank, for information only.
    """

    name = "ecb"
    base = BASE
    capabilities = Capabilities(
        needs=frozenset({Need.FX}), asset_classes=frozenset({AssetClass.CURRENCY})
    )

    def __init__(self, client: HttpClient | None = None) -> None:
        self._client = client or HttpClient(
            Service(name=self.name, base_url=BASE_URL, limits=LIMITS)
        )

    def reference_rates(self, *, start: date, today: date) -> Parsed[ReferenceRates]:
        """Return the rates of the days from `start` on, oldest first.

        The smallest file that surely has them is fetched: a day, 90 days, or all since 1999.

        Raises:
            RemoteFailure: see `common.remote.errors`.
        """
        if start >= today:
            parsed = parse_xml(self._client.get("/eurofxref-daily.xml", content_types=_XML))
        elif start >= today - _MIDDLE:
            parsed = parse_xml(self._client.get("/eurofxref-hist-90d.xml", content_types=_XML))
        else:
            parsed = parse_zip(self._client.get("/eurofxref-hist.zip", content_types=_ZIP))
        rows = [row for row in parsed.rows if row.date >= start]
        return Parsed(rows=rows, errors=parsed.errors)
