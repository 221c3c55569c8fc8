"""The euro reference rates of the European Central Bank: bytes to rates.

Source: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/
The daily and the 90-day file are XML; the whole history since 1999 is a CSV in a ZIP, the newest
day first, with `N/A` where a currency had no rate and a comma at each line's end.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree as ET

from common.remote.errors import Schema
from marketdata.domain.sources import Parsed, ReferenceRates, RowError

BASE = "EUR"
_CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
_CURRENCY = re.compile(r"[A-Z]{3}")
_UNKNOWN = {"", "N/A"}
#: The history has some 600 kB in 2026; a hundred times as much is no history.
_MOST_BYTES = 64 * 1_048_576


def parse_xml(body: bytes) -> Parsed[ReferenceRates]:
    """Read the daily or the 90-day file, oldest day first.

    Raises:
        Schema: it isn't that file, or it has no day at all.
    """
    try:
        text = body.decode("utf-8")
        # Entities are the one thing in XML that harms its reader, and the file has none.
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise Schema("ECB sent XML with a document type.")
        root = ET.fromstring(text)  # noqa: S314 - no entities, see above
    except (UnicodeDecodeError, ValueError, ET.ParseError) as error:
        raise Schema("ECB sent something that isn't XML.") from error
    days = [
        (day.attrib["time"], ((c.get("currency", ""), c.get("rate", "")) for c in day.iter(_CUBE)))
        for day in root.iter(_CUBE)
        if "time" in day.attrib
    ]
    return _collect((day, ((name, rate) for name, rate in cells if name)) for day, cells in days)


def parse_zip(body: bytes) -> Parsed[ReferenceRates]:
    """Read a ZIP with one CSV, oldest day first.

    Raises:
        Schema: it isn't that file, or it has no day at all.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = [name for name in archive.namelist() if name.endswith(".csv")]
            if len(names) != 1 or archive.getinfo(names[0]).file_size > _MOST_BYTES:
                raise Schema("ECB sent a ZIP without its one CSV, or with a huge one.")
            return parse_csv(archive.read(names[0]))
    # What else a damaged directory of the archive leads to, it doesn't say.
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, RuntimeError) as error:
        raise Schema("ECB sent something that isn't a ZIP.") from error


def parse_csv(body: bytes) -> Parsed[ReferenceRates]:
    """Read a CSV with a day a line, oldest day first.

    Raises:
        Schema: it isn't that file, or it has no day at all.
    """
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Schema("ECB sent something that isn't CSV.") from error
    header = [name.strip() for name in lines[0]] if lines else []
    if not header or header[0] != "Date":
        raise Schema("ECB sent a CSV that doesn't begin with Date.")
    return _collect(
        (line[0].strip(), zip(header[1:], line[1:], strict=False)) for line in lines[1:] if line
    )


def _collect(days: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> Parsed[ReferenceRates]:
    rows: dict[date, ReferenceRates] = {}
    errors: list[RowError] = []
    for day_text, cells in days:
        try:
            day = date.fromisoformat(day_text)
        except ValueError:
            errors.append(RowError(day_text or "a line", "this is no day."))
            continue
        rates = {}
        for name, text in ((name.strip(), text.strip()) for name, text in cells):
            if not name or text in _UNKNOWN:
                continue
            rate = _rate(text)
            if rate is None or not _CURRENCY.fullmatch(name):
                errors.append(RowError(f"{day} {name}", f"{text!r} is no rate."))
            else:
                rates[name] = rate
        rows[day] = ReferenceRates(date=day, base=BASE, rates=rates)
    if not rows:
        raise Schema("ECB sent a file without a single day.")
    return Parsed(rows=[rows[day] for day in sorted(rows)], errors=errors)


def _rate(text: str) -> Decimal | None:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and rate > 0 else None
