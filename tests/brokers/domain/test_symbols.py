"""Symbols of Yahoo and Ghostfolio come apart into symbol and market."""

import pytest

from brokers.domain.symbols import Listing, from_coin_name, from_yahoo, with_market
from marketdata.domain.instruments import AssetClass


@pytest.mark.parametrize(
    ("yahoo", "currency", "listing"),
    [
        ("AAPL", "USD", Listing("AAPL")),
        ("VWCE.DE", "EUR", Listing("VWCE", "XETR")),
        ("VUSA.L", "GBp", Listing("VUSA", "XLON")),
        ("NOVN.SW", "CHF", Listing("NOVN", "XSWX")),
        ("MC.PA", "EUR", Listing("MC", "XPAR")),
        ("ASML.AS", "EUR", Listing("ASML", "XAMS")),
        ("ENI.MI", "EUR", Listing("ENI", "XMIL")),
        ("RCI-B.TO", "CAD", Listing("RCI-B", "XTSE")),
        ("7203.T", "JPY", Listing("7203", "XTKS")),
        ("BRK-B", "USD", Listing("BRK.B")),
        ("BTCUSD", "USD", Listing("BTC", asset_class=AssetClass.CRYPTO)),
        ("ETH-EUR", "EUR", Listing("ETH", asset_class=AssetClass.CRYPTO)),
        ("BTCUSD", "EUR", Listing("BTCUSD")),
        ("EURUSD=X", "USD", Listing("EUR/USD", asset_class=AssetClass.CURRENCY)),
        ("FOO.XYZ", "USD", Listing("FOO.XYZ")),
        ("^GSPC", "USD", Listing("^GSPC")),
        ("", "", Listing("")),
    ],
)
def test_yahoos_notation_is_understood_where_it_is_well_known(yahoo, currency, listing):
    assert from_yahoo(yahoo, currency) == listing


def test_a_share_class_is_not_taken_for_a_market():
    assert with_market("BRK.B") == Listing("BRK.B")


def test_coins_are_known_by_name():
    assert from_coin_name("bitcoin").symbol == "BTC"
    assert from_coin_name("some-new-coin").symbol == "some-new-coin"
