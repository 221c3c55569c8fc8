"""Alpaca's corporate actions, in the form that its description of the API gives."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from common.remote.errors import Schema
from common.remote.http import HttpClient, Service
from marketdata.adapters.alpaca.actions import read_actions
from marketdata.adapters.alpaca.client import AlpacaSource
from marketdata.domain.actions import Action, ActionKind
from tests.marketdata.adapters.test_alpaca import listing
from tests.remote_server import Said, remote_server

BODY = (Path(__file__).parent / "payloads" / "alpaca-corporate-actions.json").read_bytes()
SPLIT = {
    "id": "s1", "symbol": "AAPL", "new_rate": 2, "old_rate": 1,
    "ex_date": "2026-02-10", "process_date": "2026-02-10",
}  # fmt: skip


def page(token=None, **groups):
    return json.dumps({"corporate_actions": groups, "next_page_token": token}).encode()


def test_a_page_of_every_group():
    found = read_actions(BODY)

    assert found.actions.errors == []
    assert found.next_token is None
    told = {each.source_id[:2]: each for each in found.actions.rows}
    assert told["01"] == Action(
        symbol="NVDA",
        kind=ActionKind.SPLIT,
        source_id="01fe2f3e-0000-4000-8000-000000000001",
        ex_date=date(2024, 6, 10),
        record_date=date(2024, 6, 6),
        pay_date=date(2024, 6, 7),
        ratio=Decimal(10),
    )
    assert {
        key: (each.symbol, each.kind.value, each.ratio, each.cash, each.other_symbol)
        for key, each in told.items()
    } == {
        "01": ("NVDA", "split", Decimal(10), None, ""),
        "02": ("MNTS", "split", Decimal("0.02"), None, ""),
        "03": ("AAPL", "dividend", None, Decimal("0.25"), ""),
        "04": ("SSB", "stock_dividend", Decimal("0.05"), None, ""),
        "05": ("MMM", "spin_off", Decimal("0.25"), None, "SOLV"),
        "06": ("ATVI", "merger", None, Decimal(95), ""),
        "07": ("PXD", "merger", Decimal("2.3234"), None, "XOM"),
        "08": ("EAR", "merger", Decimal("0.5"), Decimal("1.5"), "NEW"),
        "09": ("FB", "renaming", None, None, "META"),
        "10": ("GONE", "removal", None, None, ""),
        "11": ("RGT", "rights", Decimal("1.2"), None, "RGTR"),
        "12": ("SPAC", "redemption", None, Decimal("10.1"), ""),
    }


@pytest.mark.parametrize(
    "bad",
    [
        {"id": None},
        {"symbol": ""},
        {"symbol": 5},
        {"new_rate": "2"},
        {"new_rate": True},
        {"new_rate": -2},
        {"new_rate": 0},
        {"old_rate": 0},
        {"ex_date": "10.2.2026"},
        {"ex_date": None, "process_date": None},
    ],
)
def test_one_bad_row_costs_no_other(bad):
    found = read_actions(page(forward_splits=[SPLIT | bad, SPLIT])).actions

    assert [each.source_id for each in found.rows] == ["s1"]
    assert [error.where for error in found.errors] == ["forward_splits 0"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b'{"message": "forbidden"}',
        b'{"corporate_actions": [], "next_page_token": null}',
        b'{"corporate_actions": {"forward_splits": {}}, "next_page_token": null}',
        b'{"corporate_actions": {}, "next_page_token": 5}',
    ],
)
def test_what_is_no_page_is_refused(body):
    with pytest.raises(Schema):
        read_actions(body)


def test_what_is_new_at_the_provider_is_left_out():
    assert read_actions(page(moon_landings=[{"id": "x"}])).actions.rows == []


def test_pages_are_followed_with_the_names_that_alpaca_uses():
    with remote_server() as remote:
        remote.answers = [
            Said(page("more", forward_splits=[SPLIT])),
            Said(page(forward_splits=[SPLIT | {"id": "s2", "symbol": "BRK.B"}])),
        ]
        service = Service(name=f"alpaca-{uuid4().hex}", base_url=remote.url)
        source = AlpacaSource(HttpClient(service, sleep=lambda _: None))
        listings = [listing(), listing(symbol="BRK/B", spellings={"alpaca": "BRK.B"})]

        found = source.corporate_actions(listings, start=date(2026, 2, 1), end=date(2026, 3, 1))

        assert [each.source_id for each in found.rows] == ["s1", "s2"]
        first, second = (parse_qs(urlsplit(path).query) for path, _ in remote.asked)
        assert (first["symbols"], first["start"]) == (["AAPL,BRK.B"], ["2026-02-01"])
        assert second["page_token"] == ["more"]
