"""The XML of a Flex statement, from an account's books."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from xml.sax.saxutils import quoteattr

from brokers.sandbox.costs import Costs
from brokers.sandbox.ibkr.books import (
    BASE_CURRENCY,
    FlexAccount,
    contract_of,
    currency_of,
    price_of,
)
from brokers.sandbox.world import ZERO, Entry

_TAGS = {
    "Trades": "Trade",
    "CorporateActions": "CorporateAction",
    "CashTransactions": "CashTransaction",
    "Transfers": "Transfer",
}
_OWN = ("id", "section")


def write(account: FlexAccount, *, begin: date, end: date, now: datetime) -> bytes:
    """Write what was reported in a period, and what is held at its end."""
    until = [each for each in account.entries if each.row["reportDate"] <= f"{end:%Y%m%d}"]
    told = [each for each in until if each.row["reportDate"] >= f"{begin:%Y%m%d}"]
    heading = {
        "accountId": account.number,
        "fromDate": f"{begin:%Y%m%d}",
        "toDate": f"{end:%Y%m%d}",
        "period": "LastNCalendarDays",
        "whenGenerated": f"{now:%Y%m%d;%H%M%S}",
    }
    lines = [
        '<FlexQueryResponse queryName="Livefolio" type="AF">',
        '<FlexStatements count="1">',
        f"<FlexStatement{_attributes(heading)}>",
        _element("AccountInformation", {"accountId": account.number, "currency": BASE_CURRENCY}),
        *_section("CashReport", _cash(account, until)),
        *_section("OpenPositions", _positions(account, until, end)),
    ]
    for section, tag in _TAGS.items():
        rows = (each.row for each in told if each.row["section"] == section)
        lines += _section(section, (_element(tag, _published(row)) for row in rows))
    lines += ["</FlexStatement>", "</FlexStatements>", "</FlexQueryResponse>"]
    return "\n".join(lines).encode()


def _published(row: dict[str, str]) -> dict[str, str]:
    shown = {name: value for name, value in row.items() if name not in _OWN}
    return shown | {"transactionID": row["id"]}


def _cash(account: FlexAccount, entries: Iterable[Entry]) -> Iterable[str]:
    for currency, amount in sorted(_sums(entries, "cash").items()):
        yield _element(
            "CashReportCurrency",
            {
                "accountId": account.number,
                "currency": currency,
                "levelOfDetail": "Currency",
                "startingCash": "0",
                "endingCash": str(amount),
            },
        )


def _positions(account: FlexAccount, entries: Iterable[Entry], end: date) -> Iterable[str]:
    told = sorted(entries, key=lambda each: each.row.get("dateTime", ""))
    # Commissions are part of what was paid.
    costs = Costs().add(each for each in told if each.counts)
    for symbol, units in sorted(_sums(told, "units").items()):
        if units:
            yield _element(
                "OpenPosition",
                {
                    "accountId": account.number,
                    "currency": currency_of(symbol),
                    "assetCategory": "STK",
                    "symbol": symbol,
                    "conid": contract_of(symbol),
                    "multiplier": "1",
                    "position": str(units),
                    "markPrice": str(price_of(symbol)),
                    "positionValue": str(units * price_of(symbol)),
                    "costBasisPrice": str(costs.of(symbol) / units),
                    "costBasisMoney": str(costs.of(symbol)),
                    "side": "Long" if units > 0 else "Short",
                    "levelOfDetail": "SUMMARY",
                    "reportDate": f"{end:%Y%m%d}",
                },
            )


def _sums(entries: Iterable[Entry], measure: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for entry in entries:
        if entry.counts:
            for name, amount in getattr(entry, measure).items():
                sums[name] = sums.get(name, ZERO) + amount
    return sums


def _section(name: str, rows: Iterable[str]) -> list[str]:
    written = list(rows)
    return [f"<{name}>", *written, f"</{name}>"] if written else [f"<{name} />"]


def _element(tag: str, values: dict[str, str]) -> str:
    return f"<{tag}{_attributes(values)} />"


def _attributes(values: dict[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in values.items())
