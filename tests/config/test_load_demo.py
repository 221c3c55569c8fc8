"""The demo's files and what is made of them."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from config.demo import DEMO_ACCOUNTS, DEMO_PASSWORD
from config.management.commands import load_demo
from marketdata.models import Instrument, PriceBar
from portfolios import selectors
from portfolios.models import DailyValue, Transaction

pytestmark = pytest.mark.django_db


def test_accounts_with_a_known_password_are_made_only_where_that_is_wanted(monkeypatch):
    monkeypatch.delenv("DEMO_ACCOUNTS", raising=False)

    with pytest.raises(CommandError, match="known password"):
        call_command("load_demo")

    assert not User.objects.exists()


def test_the_demo_has_three_years_in_two_currencies_however_often_it_is_loaded(monkeypatch):
    monkeypatch.setenv("DEMO_ACCOUNTS", "true")
    # The closes of all other instruments are the worker's business, and take a while.
    monkeypatch.setattr(load_demo.record_closes, "delay", lambda: None)

    call_command("set_up", verbosity=0)
    call_command("load_demo")
    made = _counts()
    call_command("set_up", verbosity=0)
    call_command("load_demo")

    assert _counts() == made
    _check_accounts()
    _check_history()
    _check_prices()


def _counts():
    return [model.objects.count() for model in (User, Transaction, Instrument, PriceBar)]


def _check_accounts():
    demo, staff = (User.objects.get(email=email) for email in DEMO_ACCOUNTS)
    assert demo.check_password(DEMO_PASSWORD)
    assert (demo.is_staff, staff.is_staff) == (False, True)


def _check_history():
    owner = User.objects.get(email=DEMO_ACCOUNTS[0])
    portfolios = list(selectors.list_portfolios(owner.pk))
    assert {each.base_currency for each in portfolios} == {"EUR", "USD"}
    assert not any(each.is_recalculating for each in portfolios)
    assert set(Transaction.objects.values_list("currency", flat=True)) == {"EUR", "USD"}
    days = sorted(Transaction.objects.values_list("trade_date", flat=True))
    assert (days[-1] - days[0]).days > 2.9 * 365
    assert set(DailyValue.objects.values_list("status", flat=True)) == {"complete"}


def _check_prices():
    """What was paid is near that day's close, so that nothing jumps on the day of a trade."""
    for trade in Transaction.objects.filter(kind__in=["buy", "sell"]):
        bars = PriceBar.objects.filter(
            instrument_id=trade.instrument_id, date__lte=trade.trade_date
        )
        assert abs(trade.price / bars.latest("date").close - 1) < 0.02, trade
