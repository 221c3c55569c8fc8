"""What each position added to the gain of a range, on the real database."""

from datetime import timedelta

import pytest
from django.urls import reverse

from common import clock
from portfolios.models import CheckpointPart, Portfolio
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import buy, draft, sell
from tests.portfolios.browsing import assert_shows, page

pytestmark = pytest.mark.django_db

DAYS = 60


def day(back):
    return (clock.now().date() - timedelta(days=back)).isoformat()


def closes(first, *later):
    """Closes of the last days: the first price until others come at the end, the last yesterday."""
    prices = [first] * (DAYS - len(later)) + list(later)
    return {day(back): price for back, price in zip(range(DAYS, 0, -1), prices, strict=True)}


@pytest.fixture
def held(ada):
    """X goes from 10 to 13 and Y from 50 to 45; there is cash in dollars only."""
    made = factories.make_instrument("X"), factories.make_instrument("Y")
    for instrument, prices in zip(
        made, (closes("10", "11", "13"), closes("50", "45", "45")), strict=True
    ):
        factories.make_closes(instrument, prices)
    return made


@pytest.fixture
def portfolio(ada, held):
    """The example of the methods: 100 of X with 20 bought meanwhile, and 50 of Y that is sold."""
    first, second = held
    made = factories.make_portfolio(ada)
    for each in (
        draft("deposit", day(DAYS), amount="170"),
        buy(first, "10", "10", day(DAYS)),
        buy(second, "1", "50", day(DAYS)),
        sell(second, "1", "45", day(2)),
        draft("interest", day(1), amount="1.5"),
    ):
        ledger.record_transaction(made.pk, draft=each, now=clock.now())
    recalculate(made)
    return made


def recalculate(made):
    recalculation.recalculate(made.pk, today=clock.now().date(), now=clock.now())


@pytest.fixture
def api(program_of, ada):
    return program_of(ada)


def ask(api, portfolio, **query):
    answer = api.get(reverse("api-positions", args=[portfolio.pk]), query)
    return answer.status_code, answer.json()


def gains(found):
    return {each["symbol"]: each["gain"]["value"] for each in found["positions"]}


def test_positions_and_the_rest_add_up_to_the_gain(api, portfolio):
    _, found = ask(api, portfolio, start=day(5), end=day(1))

    assert gains(found) == {"X": "30", "Y": "-5"}
    assert found["rest"]["gain"]["value"] == "1.5"
    assert found["gain"]["value"] == "26.5"
    # Of the 170 that were there all the time: 17.65 %, −2.94 % and 0.88 %.
    shares = [*(each["contribution"] for each in found["positions"]), found["rest"]["contribution"]]
    assert [round(float(each["value"]) * 170, 6) for each in shares] == [30, -5, 1.5]


def test_each_position_has_its_own_return_and_flows(api, portfolio):
    _, found = ask(api, portfolio, start=day(5), end=day(1))

    first, second = found["positions"]
    assert (first["time_weighted"]["value"], second["time_weighted"]["value"]) == ("0.3", "-0.1")
    assert (first["opening"]["value"], first["closing"]["value"]) == ("100", "130")
    assert (second["received"]["value"], second["closing"]["value"]) == ("45", "0")


def test_how_much_hangs_on_one_position_is_told(api, portfolio):
    _, found = ask(api, portfolio, range="max")

    assert found["concentration"]["herfindahl"]["value"] == "1"
    assert found["concentration"]["effective_number"]["value"] == "1"
    assert [each["symbol"] for each in found["correlations"]["instruments"]] == ["X"]


def test_positions_that_move_together_are_told(api, ada):
    made = factories.make_portfolio(ada, name="Alike")
    waves = [str(100 + place % 3) for place in range(DAYS)]
    ledger.record_transaction(
        made.pk, draft=draft("deposit", day(DAYS), amount="500"), now=clock.now()
    )
    for symbol, prices in (("A", waves), ("B", waves), ("C", waves[::-1])):
        instrument = factories.make_instrument(symbol)
        factories.make_closes(instrument, closes(*prices))
        row = buy(instrument, "1", prices[0], day(DAYS))
        ledger.record_transaction(made.pk, draft=row, now=clock.now())
    recalculate(made)

    _, found = ask(api, made, range="max")

    alike = found["correlations"]
    rows = dict(zip((each["symbol"] for each in alike["instruments"]), alike["rows"], strict=True))
    order = [each["symbol"] for each in alike["instruments"]]
    assert float(rows["A"][order.index("B")]) == 1
    assert float(rows["A"][order.index("C")]) < 0
    assert float(found["diversification"]["value"]) > 1
    assert 2.9 < float(found["concentration"]["effective_number"]["value"]) <= 3


def test_days_of_a_position_are_listed(api, portfolio, held):
    first, _ = held
    address = reverse("api-position-days", args=[portfolio.pk, first.pk])

    values = api.get(address, {"start": day(2), "end": day(1)}).json()["values"]

    assert [(each["date"], each["quantity"], each["value_base"]) for each in values] == [
        (day(2), "10", "110"),
        (day(1), "10", "130"),
    ]


@pytest.mark.usefixtures("eager_checkpoints")
def test_gone_on_from_a_checkpoint_it_is_the_same_as_from_the_beginning(api, portfolio):
    assert CheckpointPart.objects.exists()
    _, found = ask(api, portfolio, start=day(3), end=day(1))
    CheckpointPart.objects.all().delete()
    # So that it isn't the report that was kept.
    Portfolio.objects.update(ledger_revision=99, computed_revision=99)

    assert ask(api, portfolio, start=day(3), end=day(1)) == (200, found)


def test_an_unknown_price_leaves_its_position_and_the_rest_unknown(api, ada, portfolio):
    dark = factories.make_instrument("DARK")
    ledger.record_transaction(portfolio.pk, draft=buy(dark, "1", "1", day(4)), now=clock.now())
    recalculate(portfolio)

    _, found = ask(api, portfolio, start=day(5), end=day(1))

    assert gains(found) == {"X": "30", "Y": "-5", "DARK": None}
    assert found["rest"]["gain"]["value"] is None
    assert (found["gain"]["value"], found["status"]) == (None, "unavailable")


def test_a_range_without_a_day_is_refused(api, ada, portfolio):
    status, problem = ask(api, factories.make_portfolio(ada, name="Empty"))

    assert (status, problem["type"]) == (422, "/problems/invalid-range")


def test_the_page_shows_what_the_api_says(browser_of, ada, portfolio):
    text = page(browser_of(ada), "positions", portfolio.pk, start=day(5), end=day(1))

    assert_shows(text, "+30.00", "−5.00", "+1.50", "+26.50", "+30.00%", "−10.00%", "All the rest")


def test_the_page_says_why_there_is_nothing(browser_of, ada):
    text = page(browser_of(ada), "positions", factories.make_portfolio(ada).pk)

    assert_shows(text, "There is nothing to show", "No day of the portfolio has been valued yet.")
