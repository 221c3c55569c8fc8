"""Which instrument is meant, and whether its number can be right."""

import pytest

from marketdata.domain.instruments import AssetClass, identity_of, is_isin


@pytest.mark.parametrize("isin", ["US0378331005", "DE0007164600", "GB00B03MLX29", "IE00B4L5Y983"])
def test_real_numbers_are_recognized(isin):
    assert is_isin(isin)


@pytest.mark.parametrize(
    "text",
    [
        "US0378331006",
        "US0378313005",
        "us0378331005",
        "US037833100",
        "US03783310055",
        "0S0378331005",
        "US037833100X",
        " US0378331005",
        "US0378331005\n",
        "US037833100\u0665",
        "",
    ],
)
def test_anything_else_is_not(text):
    assert not is_isin(text)


def test_the_market_tells_shared_instruments_apart_and_the_owner_their_own():
    assert identity_of(symbol=" sap ", mic="XETR", currency="EUR") == "XETR:SAP:EUR"
    assert identity_of(symbol="BTC", mic="", currency="USD") == "-:BTC:USD"
    assert identity_of(symbol="X", mic="XETR", currency="EUR", owner_id="7") == "7:X:EUR"


def test_classes_have_names_for_people():
    assert [each.label for each in (AssetClass.STOCK, AssetClass.ETF, AssetClass.CRYPTO)] == [
        "Stock",
        "ETF",
        "Cryptocurrency",
    ]
