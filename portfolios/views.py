"""The pages of portfolios; each makes one call and hands plain values to its template."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from accounts.http import AuthedHttpRequest
from common import clock
from common.api.pagination import page_of
from common.errors import Conflict, InvalidInput
from common.money import plain
from marketdata import selectors as market
from marketdata import services as market_services
from marketdata.forms import PriceForm
from portfolios import presentation, selectors, tasks
from portfolios.forms import (
    PortfolioForm,
    TransactionFilterForm,
    TransactionForm,
    take_errors,
)
from portfolios.models import Portfolio, Transaction
from portfolios.services import ledger, portfolios
from portfolios.services.conflicts import TransactionChanged

#: What the chart can show: name in the address, label, days back; None is everything.
RANGES: tuple[tuple[str, str, int | None], ...] = (
    ("1m", "1M", 31),
    ("3m", "3M", 92),
    ("6m", "6M", 183),
    ("1y", "1Y", 366),
    ("3y", "3Y", 3 * 366),
    ("max", "Max", None),
)
_DEFAULT_RANGE = "1y"
#: Suggested by the symbol field; more would only make the page heavy.
_MOST_SYMBOLS = 200
#: Listed on the page of an own instrument; the API gives the others.
_LATEST_PRICES = 30


class Page(LoginRequiredMixin, View):
    """A page for somebody who is signed in."""

    request: AuthedHttpRequest

    def portfolio(self, portfolio_id: ObjectId) -> Portfolio:
        """Load the portfolio that the address names, if it is the user's."""
        return selectors.get_portfolio(portfolio_id, owner_id=self.request.user.pk)


def _range(request: AuthedHttpRequest, *, now: datetime) -> tuple[str, date | None]:
    today = request.user.day_of(now)
    days_back = {name: days for name, _, days in RANGES}
    wanted = request.GET.get("range")
    name = wanted if wanted in days_back else _DEFAULT_RANGE
    days = days_back[name]
    return name, today - timedelta(days=days) if days else None


def _ranges(chosen: str) -> list[dict[str, Any]]:
    return [{"name": name, "label": label, "chosen": name == chosen} for name, label, _ in RANGES]


class Overview(Page):
    """/overview/"""

    def get(self, request: AuthedHttpRequest) -> HttpResponse:
        """Show all of somebody's portfolios."""
        found = list(selectors.list_portfolios(request.user.pk))
        summaries = selectors.summarize_all(found, now=clock.now())
        return render(request, "portfolios/overview.html", presentation.overview(summaries))


class NewPortfolio(Page):
    """/portfolios/new/"""

    def get(self, request: AuthedHttpRequest) -> HttpResponse:
        """Show the form."""
        form = PortfolioForm(own_currency=request.user.base_currency)
        return render(request, "portfolios/portfolio_form.html", {"form": form})

    def post(self, request: AuthedHttpRequest) -> HttpResponse:
        """Make the portfolio."""
        form = PortfolioForm(request.POST, own_currency=request.user.base_currency)
        if form.is_valid():
            try:
                made = portfolios.create_portfolio(
                    request.user.pk, **form.cleaned_data, now=clock.now()
                )
            except (Conflict, InvalidInput) as error:
                take_errors(form, error)
            else:
                return redirect("portfolio", portfolio_id=made.pk)
        return render(request, "portfolios/portfolio_form.html", {"form": form}, status=422)


class PortfolioPage(Page):
    """/portfolios/<id>/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show what a portfolio holds, live."""
        portfolio = self.portfolio(portfolio_id)
        now = clock.now()
        chosen, start = _range(request, now=now)
        context = presentation.portfolio_page(
            selectors.summarize(portfolio, now=now),
            worths=selectors.list_worths(portfolio.pk, start=start),
            latest=selectors.list_transactions(portfolio.pk)[:8],
            instruments=market.instruments_by_id,
        )
        context["ranges"] = _ranges(chosen)
        return render(request, "portfolios/portfolio.html", context)


class LedgerPage(Page):
    """A page about the rows of a ledger."""

    def revision(self) -> int:
        """Return the revision that was sent; 0, which no row has, where it is none."""
        text: str = self.request.POST.get("revision", "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0

    def form(self, portfolio: Portfolio, *args: Any, **options: Any) -> TransactionForm:
        """Make the form of a transaction in a portfolio."""
        return TransactionForm(
            *args, user_id=self.request.user.pk, base_currency=portfolio.base_currency, **options
        )

    def deleted_already(self, row: Transaction) -> HttpResponse:
        """Show the history of a transaction that can't be changed because it is void."""
        messages.warning(self.request, "It was deleted before that: nothing has changed.")
        return redirect("transaction-history", row.portfolio_id, row.pk)


class Transactions(LedgerPage):
    """/portfolios/<id>/transactions/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show the ledger."""
        portfolio = self.portfolio(portfolio_id)
        initial = {"trade_date": request.user.day_of(clock.now())}
        return self._page(portfolio, self.form(portfolio, initial=initial))

    def post(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Record a transaction."""
        portfolio = self.portfolio(portfolio_id)
        form = self.form(portfolio, request.POST)
        if form.is_valid():
            try:
                ledger.record_transaction(portfolio.pk, draft=form.draft(), now=clock.now())
            except InvalidInput as error:
                take_errors(form, error)
            else:
                tasks.request_recalculation(portfolio)
                messages.success(request, f"Recorded. {form.currency_note()}".rstrip())
                return redirect("transactions", portfolio_id=portfolio.pk)
        return self._page(portfolio, form, status=422)

    def _page(
        self, portfolio: Portfolio, form: TransactionForm, *, status: int = 200
    ) -> HttpResponse:
        filters = TransactionFilterForm(self.request.GET)
        rows = selectors.list_transactions(portfolio.pk, wanted=filters.wanted())
        page = page_of(self.request, rows, key=("-trade_date", "-id"))
        context = {
            "portfolio": presentation.portfolio_line(portfolio),
            "form": form,
            "filters": filters,
            "page": presentation.transaction_page(page, instruments=market.instruments_by_id),
            "symbols": presentation.symbols(
                market.list_instruments(self.request.user.pk)[:_MOST_SYMBOLS]
            ),
        }
        return render(self.request, "portfolios/transactions.html", context, status=status)


class EditTransaction(LedgerPage):
    """/portfolios/<id>/transactions/<id>/"""

    def get(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, transaction_id: ObjectId
    ) -> HttpResponse:
        """Show the form."""
        portfolio = self.portfolio(portfolio_id)
        row = selectors.get_transaction(portfolio.pk, transaction_id=transaction_id)
        if row.is_void:
            return redirect("transaction-history", portfolio.pk, row.pk)
        form = self.form(portfolio, row=row, initial=TransactionForm.values_of(row))
        return self._page(portfolio, transaction_id, form)

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, transaction_id: ObjectId
    ) -> HttpResponse:
        """Change the transaction, unless somebody else has meanwhile."""
        portfolio = self.portfolio(portfolio_id)
        row = selectors.get_transaction(portfolio.pk, transaction_id=transaction_id)
        if row.is_void:
            return self.deleted_already(row)
        form = self.form(portfolio, request.POST, row=row)
        if form.is_valid():
            try:
                ledger.edit_transaction(
                    portfolio.pk,
                    transaction_id=transaction_id,
                    draft=form.draft(),
                    revision=form.cleaned_data["revision"] or 0,
                    changed_by=request.user.pk,
                    now=clock.now(),
                )
            except selectors.TransactionNotFound:
                return self.deleted_already(row)
            except TransactionChanged as error:
                form.take_conflict(error)
            except InvalidInput as error:
                take_errors(form, error)
            else:
                tasks.request_recalculation(portfolio)
                messages.success(request, f"Changed. {form.currency_note()}".rstrip())
                return redirect("transactions", portfolio_id=portfolio.pk)
        return self._page(portfolio, transaction_id, form, status=422)

    def _page(
        self,
        portfolio: Portfolio,
        transaction_id: ObjectId,
        form: TransactionForm,
        *,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            "portfolio": presentation.portfolio_line(portfolio),
            "transaction_id": str(transaction_id),
            "form": form,
            "symbols": presentation.symbols(
                market.list_instruments(self.request.user.pk)[:_MOST_SYMBOLS]
            ),
        }
        return render(self.request, "portfolios/transaction_form.html", context, status=status)


class VoidTransaction(LedgerPage):
    """/portfolios/<id>/transactions/<id>/void/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, transaction_id: ObjectId
    ) -> HttpResponse:
        """Take the transaction out of the ledger."""
        portfolio = self.portfolio(portfolio_id)
        row = selectors.get_transaction(portfolio.pk, transaction_id=transaction_id)
        try:
            ledger.void_transaction(
                portfolio.pk,
                transaction_id=row.pk,
                revision=self.revision(),
                changed_by=request.user.pk,
                now=clock.now(),
            )
        except selectors.TransactionNotFound:
            return self.deleted_already(row)
        except TransactionChanged as error:
            messages.error(request, error.detail)
        else:
            tasks.request_recalculation(portfolio)
            messages.success(request, "Deleted. Its history is kept.")
        return redirect("transactions", portfolio_id=portfolio.pk)


class RestoreTransaction(LedgerPage):
    """/portfolios/<id>/transactions/<id>/restore/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, transaction_id: ObjectId
    ) -> HttpResponse:
        """Take a deleted transaction into the ledger again."""
        portfolio = self.portfolio(portfolio_id)
        row = selectors.get_transaction(portfolio.pk, transaction_id=transaction_id)
        try:
            ledger.restore_transaction(
                portfolio.pk,
                transaction_id=row.pk,
                revision=self.revision(),
                changed_by=request.user.pk,
                now=clock.now(),
            )
        except selectors.TransactionNotFound:
            messages.warning(request, "It is in the ledger: nothing has changed.")
        except TransactionChanged as error:
            messages.error(request, error.detail)
        else:
            tasks.request_recalculation(portfolio)
            messages.success(request, "Restored. It counts again.")
        return redirect("transaction-history", portfolio.pk, row.pk)


class TransactionHistory(Page):
    """/portfolios/<id>/transactions/<id>/history/"""

    def get(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, transaction_id: ObjectId
    ) -> HttpResponse:
        """Show how the transaction stood before each change."""
        portfolio = self.portfolio(portfolio_id)
        row = selectors.get_transaction(portfolio.pk, transaction_id=transaction_id)
        context = presentation.history_page(
            row,
            revisions=list(selectors.list_revisions(row.pk)),
            instruments=market.instruments_by_id,
        )
        context["portfolio"] = presentation.portfolio_line(portfolio)
        return render(request, "portfolios/transaction_history.html", context)


class InstrumentPage(Page):
    """/instruments/<id>/"""

    def get(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Show an instrument's price, and what the user holds of it."""
        return self._page(instrument_id)

    def post(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Record a price of an instrument of the user's own."""
        now = clock.now()
        instrument = market.get_own_instrument(instrument_id, user_id=request.user.pk)
        form = PriceForm(request.POST, currency=instrument.currency, today=now.date())
        if form.is_valid():
            try:
                market_services.record_price(
                    instrument.pk, owner_id=request.user.pk, price=form.price(), now=now
                )
            except InvalidInput as error:
                take_errors(form, error)
            else:
                messages.success(request, "Recorded.")
                return redirect("instrument", instrument_id=instrument.pk)
        return self._page(instrument_id, form=form)

    def _page(self, instrument_id: ObjectId, *, form: PriceForm | None = None) -> HttpResponse:
        request, now = self.request, clock.now()
        instrument = market.get_instrument(instrument_id, user_id=request.user.pk)
        chosen, start = _range(request, now=now)
        closes = market.closes_between(
            [str(instrument.pk)], start=start or date(1970, 1, 1), end=now.date()
        )
        found = list(selectors.list_portfolios(request.user.pk))
        context = presentation.instrument_page(
            instrument,
            quote=market.latest_prices([str(instrument.pk)]).get(str(instrument.pk)),
            closes=closes.get(str(instrument.pk), []),
            prices=market.list_prices(instrument.pk)[:_LATEST_PRICES],
            summaries=selectors.summarize_all(found, now=now),
            now=now,
        )
        context["ranges"] = _ranges(chosen)
        context["form"] = form or PriceForm(currency=instrument.currency, today=now.date())
        status = 422 if form else 200
        return render(request, "marketdata/instrument.html", context, status=status)


class DeletePrice(Page):
    """/instruments/<id>/prices/<day>/delete/"""

    def post(self, request: AuthedHttpRequest, instrument_id: ObjectId, day: date) -> HttpResponse:
        """Take the price of a day back."""
        taken = market_services.delete_price(
            instrument_id, owner_id=request.user.pk, day=day, now=clock.now()
        )
        # Named, so that a slip of the finger can be made good.
        messages.success(request, f"Deleted the price of {taken.date}: {plain(taken.close)}.")
        return redirect("instrument", instrument_id=instrument_id)
