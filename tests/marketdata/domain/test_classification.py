"""What instruments consist of: what is taken, what is refused, how it is stored."""

import pytest

from marketdata.adapters.directory import entries
from marketdata.domain.classification import (
    Dimension,
    WeightsRefused,
    check_weights,
    label_of,
    read_weights,
    stored_weights,
)


def test_weights_come_back_as_they_were_stored():
    given = {"sector": {"energy": "0.10", "none": "0.2"}, "currency": {"USD": "1"}}

    checked = check_weights(given)

    assert read_weights(stored_weights(checked)) == checked
    assert stored_weights(checked)["sector"] == {"energy": "0.1", "none": "0.2"}
    assert read_weights(None) == {}


def test_a_dimension_without_fractions_is_unknown():
    assert check_weights({"sector": {}}) == {}


@pytest.mark.parametrize(
    "given",
    [
        [],
        "sector",
        {"color": {"red": "1"}},
        {"sector": "energy"},
        {"sector": {"magic": "1"}},
        {"sector": {"energy": 0.5}},
        {"sector": {"energy": "half"}},
        {"sector": {"energy": "0"}},
        {"sector": {"energy": "-0.1"}},
        {"sector": {"energy": "NaN"}},
        {"sector": {"energy": "0.6", "utilities": "0.41"}},
        {"country": {"XX": "1"}},
        {"country": {"us": "1"}},
        {"currency": {"XXX": "1"}},
        {"asset_class": {"currency": "1"}},
    ],
)
def test_weights_that_cannot_be_are_refused(given):
    with pytest.raises(WeightsRefused):
        check_weights(given)


def test_keys_have_names_for_people():
    labels = [
        label_of(Dimension.COUNTRY, "DE"),
        label_of(Dimension.COUNTRY, "none"),
        label_of(Dimension.SECTOR, "health_care"),
        label_of(Dimension.ASSET_CLASS, "etf"),
        label_of(Dimension.CURRENCY, "USD"),
    ]

    assert labels == ["Germany", "No country", "Health care", "ETF", "USD"]


def test_everything_that_is_shipped_is_classified_and_says_where_from():
    shipped = [each for each in entries() if each.asset_class.value != "currency"]

    assert [each.symbol for each in shipped if Dimension.SECTOR not in each.weights] == []
    assert [each.symbol for each in shipped if Dimension.COUNTRY not in each.weights] == []
    funds = [each for each in shipped if each.asset_class.value == "etf"]
    exact = {"GLD", "XEON"}
    assert [
        each.symbol
        for each in funds
        if each.symbol not in exact and not each.weights_source.startswith("Approximate")
    ] == []
    assert all(each.weights_source for each in shipped)
