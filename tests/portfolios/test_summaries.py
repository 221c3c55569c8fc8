"""Summaries written all at once say what the API says of each, to those whom it lets in."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.models import User
from portfolios import selectors
from portfolios.api.serializers import SummaryOutput
from portfolios.api.summaries import Asked, summary_bodies, summary_fields
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy, draft, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def rich(ada):
    """A portfolio with all that a summary may have to say."""
    made = factories.make_portfolio(ada)
    known = {"last_close": Decimal("20.50"), "last_close_date": TODAY}
    acme = factories.make_instrument("ACME", **known)
    house = factories.make_instrument("HOUSE", mic="", owner=ada, currency="EUR", **known)
    dark = factories.make_instrument("DARK", name="Ténèbres \u2028 “SA”")
    rows = (
        *(buy(acme, "3", "7"), buy(house, "1", "15", currency="EUR"), buy(dark, "1", "15")),
        *(sell(acme, "5", "9"), draft("deposit", amount="500", currency="CHF")),
    )
    for row in rows:
        ledger.record_transaction(made.pk, draft=row, now=NOW)
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)
    made.refresh_from_db()
    return made


@pytest.fixture
def empty(ada):
    return factories.make_portfolio(ada, "Empty", tracks_cash=False)


def asked(user, portfolio, *, password=None):
    mark = get_md5_hash_password(password or user.password)
    return Asked(str(user.pk), mark, portfolio.pk)


def test_what_is_written_by_hand_is_what_is_described(rich, empty):
    full, bare = selectors.summarize_all([rich, empty], now=NOW)

    assert summary_fields(full) == SummaryOutput(full).data
    assert summary_fields(bare) == SummaryOutput(bare).data
    assert full.problems
    assert full.positions
    assert not bare.positions


def test_each_is_written_as_the_api_answers(rich, empty, ada, program_of, monkeypatch):
    monkeypatch.setattr("common.clock.now", lambda: NOW)
    addresses = [f"/api/v1/portfolios/{each.pk}/summary/" for each in (rich, empty)]
    answers = [program_of(ada).get(each).content for each in addresses]

    found = summary_bodies([asked(ada, rich), asked(ada, empty), asked(ada, rich)], now=NOW)

    assert found == [*answers, answers[0]]
    assert json.loads(answers[0])["status"] == "partial"


def test_only_who_is_let_in_and_owns_it_gets_a_summary(rich, ada, bo):
    def bodies():
        return [
            body is not None
            for body in summary_bodies(
                [
                    asked(ada, rich),
                    asked(bo, rich),
                    asked(ada, rich, password="another"),
                    Asked("nobody", "mark", rich.pk),
                    Asked(str(ada.pk), get_md5_hash_password(ada.password), ada.pk),
                ],
                now=NOW + timedelta(seconds=1),
            )
        ]

    let_in = bodies()
    User.objects.filter(pk=ada.pk).update(is_active=False)

    assert let_in == [True, False, False, False, False]
    assert bodies() == [False] * 5
