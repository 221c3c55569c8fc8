"""How a portfolio is spread: looked through, netted, and adding up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.domain.classification import Dimension
from portfolios.domain.allocation import By, Classification, Worth, allocate
from portfolios.domain.status import Status
from tests.portfolios.domain.strategies import decimals


def weights(text: str) -> dict[str, Decimal]:
    """`weights("US 0.6, JP 0.3")`: fractions by key."""
    pairs = (each.split() for each in text.split(",") if each.strip())
    return {key: Decimal(fraction) for key, fraction in pairs}


KINDS = {
    "SHARE": Classification(
        "stock",
        "USD",
        {Dimension.SECTOR: weights("energy 1"), Dimension.COUNTRY: weights("US 1")},
    ),
    "WORLD": Classification(
        "etf",
        "EUR",
        {
            Dimension.ASSET_CLASS: weights("stock 1"),
            Dimension.SECTOR: weights("energy 0.1, financials 0.5"),
            Dimension.COUNTRY: weights("US 0.6, JP 0.4"),
            Dimension.CURRENCY: weights("USD 0.6, JPY 0.4"),
        },
    ),
    "HOUSE": Classification("other", "EUR"),
}


def spread(text: str, by: By, cash: str = "", **options):
    """`spread("SHARE 100, WORLD 50", By.SECTOR)`: slices as `{key: value}`, the rest beside."""
    holdings = [
        Worth(name, None if value == "?" else Decimal(value))
        for name, value in (each.split() for each in text.split(",") if each.strip())
    ]
    return allocate(holdings, by=by, classifications=KINDS, cash=weights(cash), **options)


def values(allocation) -> dict[str, Decimal]:
    return {each.key: each.value for each in allocation.slices}


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (By.ASSET_CLASS, "stock 150, other 40, cash 10"),
        (By.SECTOR, "energy 105, unknown 60, financials 25, cash 10"),
        (By.COUNTRY, "US 130, unknown 40, JP 20, cash 10"),
        (By.CURRENCY, "USD 130, EUR 50, JPY 20"),
    ],
)
def test_a_fund_is_looked_through_and_what_is_left_is_unknown(by, expected):
    found = spread("SHARE 100, WORLD 50, HOUSE 40", by, cash="EUR 10")

    assert values(found) == weights(expected)
    assert [each.key for each in found.slices] == list(weights(expected))
    assert (found.total, found.gross, found.status) == (200, 200, Status.COMPLETE)


def test_a_slice_says_what_it_is_made_of():
    found = spread("SHARE 100, WORLD 50, HOUSE 50", By.COUNTRY)

    united_states = found.slices[0]
    assert [(each.instrument_id, each.value) for each in united_states.contributions] == [
        ("SHARE", 100),
        ("WORLD", 30),
    ]
    assert united_states.weight == united_states.gross_weight == Decimal("0.65")


def test_what_has_no_value_is_left_out_and_named():
    found = allocate(
        [Worth("SHARE", Decimal(30)), Worth("HOUSE", None)],
        by=By.ASSET_CLASS,
        classifications=KINDS,
        cash={"EUR": Decimal(10), "XAU": None},
    )

    assert values(found) == weights("stock 30, cash 10")
    assert [each.weight for each in found.slices] == [Decimal("0.75"), Decimal("0.25")]
    assert (found.missing, found.status) == (("HOUSE", "XAU"), Status.PARTIAL)


def test_where_nothing_is_known_there_are_no_weights():
    found = spread("HOUSE ?", By.SECTOR)

    assert (found.total, found.gross, found.slices) == (None, None, ())
    assert found.status is Status.UNAVAILABLE


def test_what_is_owed_is_shown_net_and_gross():
    found = spread("SHARE 100, HOUSE -25", By.ASSET_CLASS, cash="EUR -35")

    assert (found.total, found.gross) == (40, 160)
    shares, house, cash = found.slices
    assert (shares.weight, shares.gross_weight) == (Decimal("2.5"), Decimal("0.625"))
    assert (house.long, house.short, house.weight) == (0, -25, Decimal("-0.625"))
    assert (cash.key, cash.weight, cash.gross_weight) == (
        "cash",
        Decimal("-0.875"),
        Decimal("0.21875"),
    )


def test_a_long_and_a_short_of_one_kind_are_netted_and_still_seen():
    (energy,) = spread("SHARE 100, WORLD 0", By.SECTOR).slices[:1]
    found = allocate(
        [Worth("A", Decimal(100)), Worth("B", Decimal(-40))],
        by=By.ASSET_CLASS,
        classifications=dict.fromkeys(("A", "B"), Classification("stock", "EUR")),
    )

    assert energy.key == "energy"
    (stock,) = found.slices
    assert (stock.value, stock.long, stock.short) == (60, 100, -40)
    assert (stock.weight, stock.gross_weight) == (1, 1)


def test_a_portfolio_that_is_worth_nothing_has_no_net_weights():
    found = spread("SHARE 100", By.ASSET_CLASS, cash="EUR -100")

    assert found.total == 0
    assert [each.weight for each in found.slices] == [None, None]
    assert [each.gross_weight for each in found.slices] == [Decimal("0.5")] * 2


def test_accounts_share_a_holding_by_the_units_they_hold():
    found = spread(
        "SHARE 90, HOUSE 10",
        By.ACCOUNT,
        accounts={"SHARE": {"Broker": Decimal(1), "Bank": Decimal(2)}},
        cash="EUR 5",
    )

    assert {key: round(value, 20) for key, value in values(found).items()} == weights(
        "Bank 60, Broker 30, unknown 10, cash 5"
    )


KEYS = st.sampled_from(["SHARE", "WORLD", "HOUSE", "STRANGE"])
AMOUNTS = st.dictionaries(KEYS, decimals("0.01", "100000", places=2), min_size=1)
SIGNED = st.dictionaries(KEYS, decimals("-100000", "100000", places=2), min_size=1)
BY = st.sampled_from([By.ASSET_CLASS, By.SECTOR, By.COUNTRY, By.CURRENCY])
TINY = Decimal("1e-25")


@given(AMOUNTS, BY, decimals("0", "1000", places=2))
def test_weights_add_up_to_one(amounts, by, cash):
    found = spread(
        ",".join(f"{key} {value}" for key, value in amounts.items()), by, cash=f"EUR {cash}"
    )

    assert abs(sum(each.weight for each in found.slices) - 1) < TINY
    assert abs(sum(each.value for each in found.slices) - found.total) < TINY


@given(SIGNED, BY)
def test_slices_add_up_whatever_is_owed(amounts, by):
    found = spread(",".join(f"{key} {value}" for key, value in amounts.items()), by)

    assert abs(sum(each.value for each in found.slices) - sum(amounts.values())) < TINY
    if found.gross:
        assert abs(sum(each.gross_weight for each in found.slices) - 1) < TINY
        assert all(0 <= each.gross_weight <= 1 for each in found.slices)
    for each in found.slices:
        assert abs(sum(part.value for part in each.contributions) - each.value) < TINY


@given(SIGNED, BY, st.randoms())
def test_the_order_of_holdings_changes_nothing(amounts, by, random):
    shuffled = list(amounts.items())
    random.shuffle(shuffled)

    def written(pairs):
        return ",".join(f"{key} {value}" for key, value in pairs)

    assert spread(written(amounts.items()), by) == spread(written(shuffled), by)
