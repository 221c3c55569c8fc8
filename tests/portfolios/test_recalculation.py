"""From ledger to read models on the real database."""

import logging
from datetime import date, timedelta
from decimal import Decimal

import pytest

from common.transactions import TransactionNotDone
from portfolios import selectors, tasks
from portfolios.events import holdings_changed
from portfolios.models import DailyValue, Portfolio, Position, Snapshot
from portfolios.services import ledger, recalculation
from portfolios.services.recalculation import Outcome
from tests import factories
from tests.factories import NOW, TODAY, buy, draft, sell
from tests.failpoints import fail_point

__all__ = ["fail_point"]

pytestmark = pytest.mark.django_db
WRITE_CONFLICT = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}
NO_PRIMARY = {"errorCode": 189, "errorLabels": ["TransientTransactionError"]}


@pytest.fixture
def acme():
    instrument = factories.make_instrument("ACME")
    factories.make_closes(instrument, {"2026-02-25": "10", "2026-02-26": "11", "2026-02-27": "12"})
    return instrument


@pytest.fixture
def portfolio(ada):
    return factories.make_portfolio(ada)


def record(portfolio, *drafts):
    return [ledger.record_transaction(portfolio.pk, draft=each, now=NOW) for each in drafts]


def recalculate(portfolio, **options):
    return recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW, **options)


def test_a_recalculation_stores_positions_snapshot_and_daily_values(portfolio, acme):
    record(
        portfolio,
        draft("deposit", "2026-02-25", amount="1000"),
        buy(acme, "10", "10", "2026-02-25", fee="1"),
        sell(acme, "4", "12", "2026-02-27"),
    )

    assert recalculate(portfolio) is Outcome.STORED

    position = Position.objects.get(portfolio=portfolio)
    assert position.quantity == 6
    assert position.cost_base == Decimal("60.6")
    assert position.realized_base == Decimal("7.6")
    values = {str(each.date): each.value for each in selectors.list_daily_values(portfolio.pk)}
    assert values["2026-02-25"] == Decimal(999)
    assert values["2026-02-26"] == Decimal(1009)
    assert values["2026-02-27"] == Decimal(1019)
    # The weekend keeps Friday's close; today has no end yet.
    assert max(values) == str(TODAY - timedelta(days=1))
    portfolio.refresh_from_db()
    assert (portfolio.computed_revision, portfolio.is_recalculating) == (3, False)


def test_a_summary_values_the_snapshot_at_the_newest_prices(portfolio, acme):
    record(portfolio, buy(acme, "10", "10", "2026-02-25"))
    recalculate(portfolio)
    portfolio.refresh_from_db()

    summary = selectors.summarize(portfolio, now=NOW)

    (position,) = summary.positions
    assert position.worth.value_base == Decimal(120)
    assert position.worth.unrealized_base == Decimal(20)
    assert position.worth.unrealized_rate == Decimal("0.2")
    assert summary.valuation.total == Decimal(20)
    assert summary.cash == {"USD": Decimal(-100)}


def test_an_instrument_without_any_price_makes_the_summary_partial(portfolio, acme):
    unpriced = factories.make_instrument("DARK")
    record(portfolio, buy(acme, "1", "10", "2026-02-25"), buy(unpriced, "1", "10", "2026-02-25"))
    recalculate(portfolio)
    portfolio.refresh_from_db()

    summary = selectors.summarize(portfolio, now=NOW)

    assert summary.status.value == "partial"
    assert summary.valuation.missing == (str(unpriced.pk),)
    dark = next(each for each in summary.positions if each.instrument.symbol == "DARK")
    assert dark.worth.value_base is None


def test_the_latest_revision_wins_over_one_computed_meanwhile(portfolio, acme, monkeypatch):
    record(portfolio, buy(acme, "1", "10", "2026-02-25"))
    compute = recalculation.compute_portfolio

    def interrupted(found, *, today):
        computed = compute(found, today=today)
        record(portfolio, buy(acme, "2", "10", "2026-02-26"))
        return computed

    monkeypatch.setattr(recalculation, "compute_portfolio", interrupted)

    assert recalculate(portfolio) is Outcome.SUPERSEDED
    assert not Position.objects.exists()
    monkeypatch.undo()
    assert recalculate(portfolio) is Outcome.STORED
    assert Position.objects.get(portfolio=portfolio).quantity == 3


def test_of_two_recalculations_of_one_revision_the_second_stores_nothing(
    portfolio, acme, monkeypatch
):
    record(portfolio, buy(acme, "1", "10", "2026-02-25"))
    compute = recalculation.compute_portfolio

    def overtaken(found, *, today):
        monkeypatch.undo()
        assert recalculate(portfolio) is Outcome.STORED
        return compute(found, today=today)

    monkeypatch.setattr(recalculation, "compute_portfolio", overtaken)

    assert recalculate(portfolio) is Outcome.CURRENT


def test_a_conflict_that_lasts_is_left_to_the_sweep_in_a_line(portfolio, acme, fail_point, caplog):
    record(portfolio, buy(acme, "1", "10", "2026-02-25"))
    fail_point("update", times=99, **WRITE_CONFLICT)

    with caplog.at_level(logging.INFO):
        tasks.recalculate_portfolio(portfolio_id=str(portfolio.pk))

    ended = [each for each in caplog.records if each.name == "portfolios.tasks"]
    assert [(each.levelname, each.msg["outcome"]) for each in ended] == [("INFO", "contended")]
    assert {each.levelname for each in caplog.records} == {"INFO"}
    portfolio.refresh_from_db()
    assert (portfolio.is_recalculating, portfolio.recalculation_failures) == (True, 0)
    assert selectors.list_due(now=NOW + ledger.RECALCULATION_GRACE).exists()


def test_a_database_that_fails_is_no_conflict(portfolio, acme, fail_point):
    record(portfolio, buy(acme, "1", "10", "2026-02-25"))
    fail_point("update", times=12, **NO_PRIMARY)

    with pytest.raises(TransactionNotDone):
        tasks.recalculate_portfolio(portfolio_id=str(portfolio.pk))

    portfolio.refresh_from_db()
    assert portfolio.recalculation_failures == 1


def test_without_a_change_there_is_nothing_to_do(portfolio, acme):
    record(portfolio, buy(acme, "1", "10", "2026-02-25"))
    recalculate(portfolio)

    assert recalculate(portfolio) is Outcome.CURRENT


def test_voiding_the_last_row_empties_everything(portfolio, acme, ada):
    (row,) = record(portfolio, buy(acme, "1", "10", "2026-02-25"))
    recalculate(portfolio)

    ledger.void_transaction(
        portfolio.pk, transaction_id=row.pk, revision=1, changed_by=ada.pk, now=NOW
    )
    recalculate(portfolio)

    assert not Position.objects.exists()
    assert not DailyValue.objects.exists()
    assert Snapshot.objects.get(portfolio=portfolio).content["positions"] == []


def test_only_days_from_the_earliest_change_on_are_valued_again(portfolio, acme):
    record(portfolio, buy(acme, "1", "10", "2026-02-25"))
    recalculate(portfolio)
    record(portfolio, buy(acme, "1", "12", "2026-02-27"))

    recalculate(portfolio)

    revisions = {str(each.date): each.revision for each in DailyValue.objects.all()}
    assert revisions["2026-02-26"] == 1
    assert revisions["2026-02-27"] == 2


def test_the_night_adds_the_days_that_have_passed(portfolio, acme):
    record(portfolio, buy(acme, "1", "10", "2026-02-25"))
    recalculation.recalculate(portfolio.pk, today=date(2026, 2, 27), now=NOW)

    recalculate(portfolio, extend=True)

    assert str(selectors.last_daily_value(portfolio.pk).date) == "2026-03-01"


def test_a_day_that_lacked_a_price_is_completed_once_there_is_one(portfolio):
    late = factories.make_instrument("LATE")
    record(portfolio, buy(late, "1", "10", "2026-02-26"))
    recalculate(portfolio)
    assert DailyValue.objects.get(date=date(2026, 2, 26)).status == "partial"

    factories.make_closes(late, {"2026-02-26": "10"})
    recalculate(portfolio, extend=True)

    assert {each.status for each in DailyValue.objects.all()} == {"complete"}


def test_listeners_hear_of_the_new_revision(portfolio, acme):
    heard = []

    def listen(**kwargs):
        heard.append((kwargs["portfolio_id"], kwargs["revision"]))

    holdings_changed.connect(listen)
    record(portfolio, buy(acme, "1", "10", "2026-02-25"))

    recalculate(portfolio)

    assert heard == [(str(portfolio.pk), 1)]


def test_a_failed_recalculation_is_tried_later_and_later(portfolio, acme):
    record(portfolio, buy(acme, "1", "10", "2026-02-25"))

    recalculation.note_failure(portfolio.pk, now=NOW)
    recalculation.note_failure(portfolio.pk, now=NOW)

    portfolio.refresh_from_db()
    assert portfolio.recalculation_failures == 2
    assert portfolio.recalculate_after == NOW + timedelta(seconds=60)
    assert recalculation.claim_due(now=NOW + timedelta(seconds=59)) == []
    assert recalculation.claim_due(now=NOW + timedelta(seconds=60)) == [str(portfolio.pk)]
    # Claimed: a second sweep leaves it alone.
    assert recalculation.claim_due(now=NOW + timedelta(seconds=60)) == []


def test_a_lost_recalculation_is_started_by_the_sweep(portfolio, acme):
    record(portfolio, buy(acme, "1", "10", "2026-02-25"))

    tasks.recalculate_due()

    assert Portfolio.objects.get(pk=portfolio.pk).computed_revision == 1


def test_the_task_of_a_deleted_portfolio_ends_quietly(portfolio):
    key = str(portfolio.pk)
    portfolio.delete()

    tasks.recalculate_portfolio(portfolio_id=key)


def test_income_and_fees_that_belong_to_no_position_count_for_the_portfolio(portfolio, acme):
    record(
        portfolio,
        draft("interest", "2026-02-25", amount="5", tax="1"),
        draft("fee", "2026-02-25", amount="2"),
        draft("dividend", "2026-02-26", instrument=acme, amount="3"),
    )
    recalculate(portfolio)
    portfolio.refresh_from_db()

    summary = selectors.summarize(portfolio, now=NOW)

    assert (summary.income, summary.fees, summary.taxes) == (Decimal(8), Decimal(2), Decimal(1))


def test_a_row_that_cannot_be_counted_is_named_with_its_day(portfolio, acme):
    (row,) = record(portfolio, sell(acme, "3", "12", "2026-02-26"))
    recalculate(portfolio)
    portfolio.refresh_from_db()

    (problem,) = selectors.summarize(portfolio, now=NOW).problems

    assert (problem.transaction_id, problem.code) == (str(row.pk), "oversold")
    assert str(problem.date) == "2026-02-26"
    assert (problem.instrument_id, problem.symbol) == (str(acme.pk), "ACME")
    assert problem.reason.startswith("3 went out, but only 0 were held")
