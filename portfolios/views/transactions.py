"""The pages of a ledger: its rows, recording one, changing one, what was changed."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from common import clock
from common.api.pagination import page_of
from common.errors import InvalidInput
from marketdata import selectors as market
from portfolios import presentation, selectors, tasks
from portfolios.forms import TransactionFilterForm, TransactionForm, take_errors
from portfolios.models import Portfolio, Transaction
from portfolios.services import ledger
from portfolios.services.conflicts import TransactionChanged
from portfolios.views.base import MOST_SYMBOLS, Page


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

    def change_of(self, row: Transaction) -> dict[str, Any]:
        """Say which row of which revision is changed, by whom and when, as services take it."""
        return {
            "transaction_id": row.pk,
            "revision": self.revision(),
            "changed_by": self.request.user.pk,
            "now": clock.now(),
        }

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
                market.list_instruments(self.request.user.pk)[:MOST_SYMBOLS]
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
                market.list_instruments(self.request.user.pk)[:MOST_SYMBOLS]
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
            ledger.void_transaction(portfolio.pk, **self.change_of(row))
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
            ledger.restore_transaction(portfolio.pk, **self.change_of(row))
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
