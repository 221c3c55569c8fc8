"""The instruments that come with the platform."""

from __future__ import annotations

from collections import Counter

from common.currencies import is_currency
from marketdata.adapters.directory import entries
from marketdata.domain.instruments import AssetClass, is_isin


def test_every_security_has_a_right_isin_and_no_two_share_one():
    securities = [each for each in entries() if each.asset_class in {"stock", "etf"}]

    assert [each.symbol for each in securities if not is_isin(each.isin)] == []
    assert max(Counter(each.isin for each in securities).values()) == 1


def test_every_entry_is_an_instrument_of_its_own():
    assert max(Counter(each.identity for each in entries()).values()) == 1
    assert all(is_currency(each.currency) and each.anchor_price > 0 for each in entries())
    assert len(entries()) >= 60


def test_a_pair_is_priced_in_its_second_currency():
    pairs = [each for each in entries() if each.asset_class is AssetClass.CURRENCY]

    assert [each.symbol for each in pairs] == ["EUR/USD", "EUR/GBP", "EUR/CHF", "EUR/JPY"]
    assert all(each.symbol.endswith(f"/{each.currency}") for each in pairs)


def test_every_currency_of_the_directory_can_be_converted():
    paired = {side for each in entries() for side in each.symbol.split("/") if "/" in each.symbol}

    assert {each.currency for each in entries()} <= paired
