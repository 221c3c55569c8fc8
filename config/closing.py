"""The end of an account, with everything in any app that is its owner's."""

from __future__ import annotations

from accounts import services as accounts
from accounts.models import User
from marketdata import services as market
from portfolios import selectors
from portfolios.services import portfolios


def delete_account(user: User) -> None:
    """Delete somebody with all that is theirs; what everybody shares stays.

    One step after the other, for a long history outlasts any transaction. The first shuts the
    person out, so that nothing new comes in between; a deletion that broke off is completed by the
    next one.
    """
    accounts.deactivate(user)
    for portfolio in selectors.list_portfolios(user.pk):
        portfolios.delete_portfolio(portfolio.pk)
    market.delete_own_instruments(user.pk)
    accounts.delete_user(user)
