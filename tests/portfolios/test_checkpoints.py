"""A recalculation goes on from where a ledger is known to stand, as if from its start."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from portfolios.models import (
    CheckpointPart,
    DailyValue,
    Disposal,
    Portfolio,
    Position,
    RecalculationRun,
    Snapshot,
    Transaction,
)
from portfolios.services import checkpoints, disposing, ledger, recalculation
from portfolios.services.recalculation import Outcome
from tests import factories
from tests.factories import NOW, buy, draft, sell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("eager_checkpoints")]

FIRST, TODAY = date(2024, 11, 20), date(2025, 2, 3)


@pytest.fixture
def portfolio(ada):
    return factories.make_portfolio(ada)


@pytest.fixture
def held():
    """Three instruments with a close on most days, one of them in euros."""
    made = [
        factories.make_instrument(name, currency=currency)
        for name, currency in (("AAA", "USD"), ("BBB", "USD"), ("CCC", "EUR"))
    ]
    pair = factories.make_pair()
    days = [FIRST + timedelta(days=offset) for offset in range((TODAY - FIRST).days)]
    for place, instrument in enumerate([*made, pair]):
        factories.make_closes(
            instrument,
            {str(day): f"{1 + place + day.day % 7 / 10:.1f}" for day in days if day.weekday() < 5},
        )
    return made


def recalculate(portfolio, today=TODAY):
    return recalculation.recalculate(portfolio.pk, today=today, now=NOW, extend=True)


def read_models(portfolio):
    """Everything that is stored of what was computed, without what says when it was."""

    def rows(model, *ignored):
        found = model.objects.filter(portfolio=portfolio).values()
        ignored = {"id", "revision", "created_at", "updated_at", "computed_at", *ignored}
        plain = [{key: row[key] for key in row if key not in ignored} for row in found]
        return sorted(plain, key=str)

    return {model: rows(model) for model in (Position, Disposal, DailyValue, Snapshot)}


def from_the_start(portfolio, today=TODAY):
    """What a recalculation stores that has nothing to go on from."""
    CheckpointPart.objects.filter(portfolio=portfolio).delete()
    DailyValue.objects.filter(portfolio=portfolio).delete()
    recalculate(portfolio, today)
    return read_models(portfolio)


def last_run(portfolio):
    return RecalculationRun.objects.filter(portfolio=portfolio).order_by("-id").first()


def test_a_row_of_today_takes_only_what_it_touches(portfolio, held):
    first, second, _ = held
    for each in (buy(first, "10", "5", "2024-11-20"), buy(second, "10", "5", "2024-11-21")):
        ledger.record_transaction(portfolio.pk, draft=each, now=NOW)
    recalculate(portfolio)

    ledger.record_transaction(portfolio.pk, draft=sell(first, "4", "7", str(TODAY)), now=NOW)
    assert recalculate(portfolio) is Outcome.STORED

    run = last_run(portfolio)
    assert (run.continued_from, run.events, run.days) == (TODAY, 1, 0)
    revisions = dict(Position.objects.values_list("instrument__symbol", "revision"))
    assert revisions == {"AAA": 3, "BBB": 2}
    assert read_models(portfolio) == from_the_start(portfolio)


def test_a_quiet_night_writes_its_day_and_nothing_else(portfolio, held, monkeypatch):
    monkeypatch.setattr(checkpoints, "FEWEST_EVENTS", 1)
    first, second, _ = held
    for each in (buy(first, "10", "5", "2024-11-20"), buy(second, "10", "5", "2024-11-21")):
        ledger.record_transaction(portfolio.pk, draft=each, now=NOW)
    recalculate(portfolio)
    known = (Position, Snapshot, CheckpointPart)
    before = [list(model.objects.order_by("id").values()) for model in known]

    for night in (1, 2):
        recalculate(portfolio, TODAY + timedelta(days=night))

    assert [list(model.objects.order_by("id").values()) for model in known] == before
    run = last_run(portfolio)
    assert (run.continued_from, run.events, run.days) == (TODAY, 0, 1)
    late = str(TODAY + timedelta(days=2))
    ledger.record_transaction(portfolio.pk, draft=sell(first, "4", "7", late), now=NOW)
    recalculate(portfolio, TODAY + timedelta(days=2))
    assert (last_run(portfolio).continued_from, last_run(portfolio).events) == (TODAY, 1)
    assert read_models(portfolio) == from_the_start(portfolio, TODAY + timedelta(days=2))


def test_a_row_that_comes_and_goes_leaves_no_trace(portfolio, held):
    first, second, _ = held
    ledger.record_transaction(portfolio.pk, draft=buy(first, "10", "5", "2024-11-20"), now=NOW)
    recalculate(portfolio)
    before = read_models(portfolio)
    for each in (sell(first, "4", "7", str(TODAY)), buy(second, "1", "7", str(TODAY))):
        row = ledger.record_transaction(portfolio.pk, draft=each, now=NOW)
        recalculate(portfolio)
        ledger.void_transaction(
            portfolio.pk,
            transaction_id=row.pk,
            revision=row.revision,
            changed_by=portfolio.owner_id,
            now=NOW,
        )
        recalculate(portfolio)

    assert last_run(portfolio).continued_from == TODAY
    assert read_models(portfolio) == before


def test_an_old_row_goes_on_from_before_its_day(portfolio, held):
    first, *_ = held
    ledger.record_transaction(portfolio.pk, draft=buy(first, "10", "5", "2024-11-20"), now=NOW)
    recalculate(portfolio)

    ledger.record_transaction(portfolio.pk, draft=buy(first, "1", "5", "2025-01-15"), now=NOW)
    recalculate(portfolio)

    assert last_run(portfolio).continued_from == date(2025, 1, 1)
    days = set(CheckpointPart.objects.filter(part="").values_list("date", flat=True))
    assert days == {date(2024, 12, 1), date(2025, 1, 1), date(2025, 2, 1), TODAY}
    assert read_models(portfolio) == from_the_start(portfolio)


def test_a_disposal_that_is_the_same_is_left_as_it_is(portfolio, held):
    first, *_ = held
    for each in (buy(first, "10", "5", "2024-11-20"), sell(first, "4", "7", "2024-11-21")):
        ledger.record_transaction(portfolio.pk, draft=each, now=NOW)
    recalculate(portfolio)
    before = Disposal.objects.get()

    ledger.record_transaction(portfolio.pk, draft=sell(first, "1", "9", "2024-11-22"), now=NOW)
    recalculate(portfolio)

    kept, added = Disposal.objects.order_by("date")
    assert (kept.pk, kept.revision, added.revision) == (before.pk, 2, 3)


def test_disposals_are_not_stored_for_a_ledger_that_has_moved_on(portfolio, held):
    first, *_ = held
    for each in (buy(first, "10", "5", "2024-11-20"), sell(first, "4", "7", "2024-11-21")):
        ledger.record_transaction(portfolio.pk, draft=each, now=NOW)
    recalculate(portfolio)
    stale = Portfolio.objects.get()
    ledger.record_transaction(portfolio.pk, draft=buy(first, "1", "5", "2024-11-23"), now=NOW)

    assert not disposing.store_disposals(stale, [], since=None, now=NOW)
    assert Disposal.objects.count() == 1


def test_a_checkpoint_of_other_choices_is_not_gone_on_from(portfolio, held):
    first, *_ = held
    for each in (
        buy(first, "10", "5", "2024-11-20"),
        buy(first, "10", "9", "2024-11-21"),
        sell(first, "10", "9", "2024-11-22"),
    ):
        ledger.record_transaction(portfolio.pk, draft=each, now=NOW)
    recalculate(portfolio)
    Portfolio.objects.update(policy={"cost_method": "lifo"})

    ledger.record_transaction(portfolio.pk, draft=buy(first, "1", "5", str(TODAY)), now=NOW)
    recalculate(portfolio)

    assert last_run(portfolio).continued_from is None
    assert Position.objects.get().realized_base == 0


def test_a_corrected_instrument_is_not_gone_on_from(portfolio, held):
    first, *_ = held
    ledger.record_transaction(portfolio.pk, draft=buy(first, "10", "5", "2024-11-20"), now=NOW)
    recalculate(portfolio)
    type(first).objects.filter(pk=first.pk).update(multiplier=Decimal(100))

    ledger.record_transaction(portfolio.pk, draft=buy(first, "1", "5", str(TODAY)), now=NOW)
    recalculate(portfolio)

    assert last_run(portfolio).continued_from is None
    assert Position.objects.get().cost_base == Decimal(5500)


@pytest.mark.parametrize(
    ("day", "is_kept"),
    [
        ("2025-02-03", True),
        ("2025-02-02", False),
        ("2025-02-01", True),
        ("2024-11-01", True),
        ("2024-10-01", False),
        ("2024-01-01", True),
        ("2016-01-01", True),
    ],
)
def test_first_days_of_years_are_kept_and_those_of_months_not_long_ago(day, is_kept):
    assert checkpoints.is_worth_keeping(date.fromisoformat(day), today=TODAY) is is_kept


def test_how_old_recalculations_went_is_forgotten(portfolio, held):
    ledger.record_transaction(portfolio.pk, draft=buy(held[0], "1", "5", "2024-11-20"), now=NOW)
    recalculate(portfolio)

    assert recalculation.forget_runs(now=NOW + timedelta(days=90)) == 0
    assert recalculation.forget_runs(now=NOW + timedelta(days=91)) == 1


def any_draft(dice, held):
    """A row of any day, of most kinds that change lots."""
    first, second = dice.sample(held, 2)
    day = str(FIRST + timedelta(days=dice.randrange((TODAY - FIRST).days + 1)))
    kind = dice.choice(["buy", "buy", "buy", "sell", "sell_short", "split", "spin_off", "deposit"])
    number = str(dice.randrange(1, 30))
    fields = {
        "deposit": {"amount": number},
        "split": {"instrument": first, "ratio": dice.choice(["2", "3", "0.7"])},
        "spin_off": {
            "instrument": first,
            "to_instrument_id": str(second.pk),
            "ratio": "0.3",
            "cost_share": "0.1",
        },
    }
    trade = {"instrument": first, "quantity": number, "price": "7", "fee": dice.choice("01")}
    return draft(kind, day, **fields.get(kind, trade))


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_edits_comes_out_as_from_the_start(portfolio, held, seed):
    dice = random.Random(seed)  # noqa: S311 - chance, not secrets
    today = FIRST + timedelta(days=20)
    for _ in range(14):
        today = min(TODAY, today + timedelta(days=dice.choice([0, 0, 1, 9])))
        rows = list(Transaction.objects.filter(is_void=False).order_by("id"))
        action = dice.choice(["record", "record", "record", "edit", "void"]) if rows else "record"
        if action == "record":
            ledger.record_transaction(portfolio.pk, draft=any_draft(dice, held), now=NOW)
        else:
            row = dice.choice(rows)
            known = {
                "transaction_id": row.pk,
                "revision": row.revision,
                "changed_by": portfolio.owner_id,
                "now": NOW,
            }
            if action == "edit":
                ledger.edit_transaction(portfolio.pk, draft=any_draft(dice, held), **known)
            else:
                ledger.void_transaction(portfolio.pk, **known)
        recalculate(portfolio, today)

    assert RecalculationRun.objects.exclude(continued_from=None).exists()
    assert read_models(portfolio) == from_the_start(portfolio, today)


def test_a_checkpoint_is_kept_where_it_saves_enough_rows(portfolio, held, monkeypatch):
    monkeypatch.setattr(checkpoints, "FEWEST_EVENTS", 3)
    first, *_ = held
    days = ("2024-11-20", "2024-11-21", "2024-12-30", "2024-12-31", "2025-01-02", "2025-02-01")
    for day in days:
        ledger.record_transaction(portfolio.pk, draft=buy(first, "1", "5", day), now=NOW)
    recalculate(portfolio)

    # Two rows before December, four before January, and only two more before today.
    kept = CheckpointPart.objects.filter(part="").order_by("date").values_list("date", flat=True)
    assert list(kept) == [date(2025, 1, 1), TODAY]
    ledger.record_transaction(portfolio.pk, draft=buy(first, "1", "5", "2025-01-02"), now=NOW)
    recalculate(portfolio)
    assert last_run(portfolio).continued_from == date(2025, 1, 1)
    assert read_models(portfolio) == from_the_start(portfolio)


def test_a_short_ledger_needs_no_checkpoint(portfolio, held, monkeypatch):
    monkeypatch.setattr(checkpoints, "FEWEST_EVENTS", 3)
    first, *_ = held
    for day in ("2024-11-20", "2025-01-15"):
        ledger.record_transaction(portfolio.pk, draft=buy(first, "1", "5", day), now=NOW)

    recalculate(portfolio)

    assert not CheckpointPart.objects.exists()


def test_parts_of_a_revision_that_was_kept_before_are_written_over(portfolio, held):
    for instrument in held[:2]:
        ledger.record_transaction(
            portfolio.pk, draft=buy(instrument, "1", "5", "2024-11-20"), now=NOW
        )
    recalculate(portfolio)
    parts = CheckpointPart.objects.exclude(part="").order_by("date", "part")
    before = list(parts.values_list("date", "part", "content"))
    parts.update(content={})
    CheckpointPart.objects.filter(part="").delete()
    Portfolio.objects.filter(pk=portfolio.pk).update(stale_from=FIRST, is_recalculating=True)

    recalculate(portfolio)

    assert before
    assert list(parts.values_list("date", "part", "content")) == before
