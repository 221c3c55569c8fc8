"""The pages of imports: upload, check, commit, undo; and of prices that are pasted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from accounts.http import AuthedHttpRequest
from brokers import presentation, selectors, tasks
from brokers.domain.imports import RowState
from brokers.domain.price_tables import UnreadableTable
from brokers.forms import PriceTableForm, UploadForm
from brokers.models import ImportRun
from brokers.services import committing, intake, price_tables
from common import clock
from common.api.pagination import page_of
from common.errors import Conflict, InvalidInput
from marketdata import selectors as market
from portfolios import selectors as portfolios


class _Page(LoginRequiredMixin, View):
    request: AuthedHttpRequest

    def run_of(self, portfolio_id: ObjectId, run_id: ObjectId) -> ImportRun:
        """Load the import that the address names, if it is the user's."""
        return selectors.get_import(
            run_id, portfolio_id=portfolio_id, owner_id=self.request.user.pk
        )


class Imports(_Page):
    """/portfolios/<id>/imports/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show the upload form and the imports so far."""
        return self._page(portfolio_id, UploadForm())

    def post(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Take a file in and start reading it."""
        portfolio = portfolios.get_portfolio(portfolio_id, owner_id=request.user.pk)
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            upload = form.cleaned_data["file"]
            try:
                run = intake.open_import(
                    portfolio.pk,
                    owner_id=request.user.pk,
                    file_name=upload.name,
                    chunks=upload.chunks(),
                    creates_instruments=form.cleaned_data["creates_instruments"],
                    now=clock.now(),
                )
            except InvalidInput as error:
                form.add_error("file", error.detail)
            else:
                tasks.start_job(run)
                return redirect("import", portfolio_id=portfolio.pk, run_id=run.pk)
        return self._page(portfolio_id, form, status=422)

    def _page(self, portfolio_id: ObjectId, form: UploadForm, *, status: int = 200) -> HttpResponse:
        portfolio = portfolios.get_portfolio(portfolio_id, owner_id=self.request.user.pk)
        context = {
            "portfolio": {"id": str(portfolio.pk), "name": portfolio.name},
            "form": form,
            "runs": [
                presentation.run_line(run) for run in selectors.list_imports(portfolio.pk)[:50]
            ],
        }
        return render(self.request, "brokers/imports.html", context, status=status)


class ImportPage(_Page):
    """/portfolios/<id>/imports/<id>/"""

    def get(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, run_id: ObjectId
    ) -> HttpResponse:
        """Show what an import would do or has done, row by row."""
        portfolio = portfolios.get_portfolio(portfolio_id, owner_id=request.user.pk)
        run = self.run_of(portfolio_id, run_id)
        chosen = request.GET.get("state", "")
        state = RowState(chosen) if chosen in set(RowState) else None
        page = page_of(request, selectors.list_rows(run.pk, state=state), key=("number",))
        context = {
            "portfolio": {"id": str(portfolio.pk), "name": portfolio.name},
            "run": presentation.run_line(run),
            "rows": [presentation.row_line(row) for row in page.rows],
            "page": page,
            "state": state.value if state else "",
        }
        return render(request, "brokers/import_run.html", context)


class CommitImport(_Page):
    """/portfolios/<id>/imports/<id>/commit/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, run_id: ObjectId
    ) -> HttpResponse:
        """Write the new rows into the ledger."""
        run = self.run_of(portfolio_id, run_id)
        try:
            tasks.start_job(committing.request_commit(run, now=clock.now()))
        except Conflict as error:
            messages.error(request, error.detail)
        return redirect("import", portfolio_id=portfolio_id, run_id=run_id)


class UndoImport(_Page):
    """/portfolios/<id>/imports/<id>/undo/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, run_id: ObjectId
    ) -> HttpResponse:
        """Take the whole import out of the ledger again."""
        run = self.run_of(portfolio_id, run_id)
        try:
            tasks.start_job(committing.request_undo(run, now=clock.now()))
        except Conflict as error:
            messages.error(request, error.detail)
        return redirect("import", portfolio_id=portfolio_id, run_id=run_id)


class DiscardImport(_Page):
    """/portfolios/<id>/imports/<id>/discard/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, run_id: ObjectId
    ) -> HttpResponse:
        """Throw the preview away."""
        run = self.run_of(portfolio_id, run_id)
        try:
            intake.discard(run, now=clock.now())
        except Conflict as error:
            messages.error(request, error.detail)
            return redirect("import", portfolio_id=portfolio_id, run_id=run_id)
        messages.success(request, "The preview is thrown away; nothing was changed.")
        return redirect("imports", portfolio_id=portfolio_id)


class PastePrices(_Page):
    """/instruments/<id>/prices/paste/"""

    def get(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Show the form."""
        return self._page(instrument_id, PriceTableForm())

    def post(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Show what would be written, or with `commit` write what was shown."""
        form = PriceTableForm(request.POST)
        if not form.is_valid():
            return self._page(instrument_id, form, status=422)
        asked = {
            "owner_id": request.user.pk,
            "text": form.cleaned_data["table"],
            "now": clock.now(),
        }
        try:
            if "commit" in request.POST and form.is_checked():
                done = price_tables.record_table(instrument_id, **asked)
                messages.success(request, presentation.prices_recorded(done))
                return redirect("instrument", instrument_id=instrument_id)
            preview = price_tables.preview_prices(instrument_id, **asked)
        except UnreadableTable as error:
            form.add_error("table", error.detail)
            return self._page(instrument_id, form, status=422)
        form.data = {"table": form.cleaned_data["table"], "checked": form.mark()}
        return self._page(instrument_id, form, preview=presentation.price_preview(preview))

    def _page(
        self,
        instrument_id: ObjectId,
        form: PriceTableForm,
        *,
        preview: Mapping[str, Any] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        instrument = market.get_own_instrument(instrument_id, user_id=self.request.user.pk)
        context = {"instrument": instrument, "form": form, "preview": preview}
        return render(self.request, "brokers/paste_prices.html", context, status=status)
