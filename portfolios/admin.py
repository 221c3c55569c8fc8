"""Portfolios, ledgers and read models in the back office, to look at."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from portfolios.models import (
    Alert,
    CheckpointPart,
    DailyValue,
    Dismissal,
    Disposal,
    Firing,
    IntradayValue,
    MovedReference,
    Plan,
    Portfolio,
    Position,
    RecalculationRun,
    Snapshot,
    Transaction,
    TransactionRevision,
    Watchlist,
)


@admin.register(Portfolio)
class PortfolioAdmin(ReadOnlyAdmin[Portfolio]):
    """Portfolios, and how their recalculations stand."""

    list_display = (
        "name",
        "owner",
        "base_currency",
        "ledger_revision",
        "computed_revision",
        "is_recalculating",
        "recalculation_failures",
        "updated_at",
    )
    list_filter = ("is_recalculating", "base_currency", "tracks_cash")
    search_fields = ("name", "owner__email")
    list_select_related = ("owner",)
    ordering = ("name", "id")


@admin.register(Transaction)
class TransactionAdmin(ReadOnlyAdmin[Transaction]):
    """Ledger rows; they are edited by their owners only, with a history."""

    list_display = (
        "trade_date",
        "kind",
        "portfolio",
        "instrument",
        "quantity",
        "price",
        "amount",
        "currency",
        "is_void",
    )
    list_filter = ("kind", "is_void", "currency")
    search_fields = ("note", "account", "import_run_id")
    list_select_related = ("portfolio", "instrument")
    ordering = ("-created_at",)


@admin.register(TransactionRevision)
class TransactionRevisionAdmin(ReadOnlyAdmin[TransactionRevision]):
    """How rows stood before they were changed."""

    list_display = ("transaction", "revision", "reason", "changed_by", "changed_at")
    list_filter = ("reason",)
    search_fields = ("reason",)
    list_select_related = ("transaction", "changed_by")
    ordering = ("-id",)


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin[Position]):
    """Positions as computed."""

    list_display = ("portfolio", "instrument", "quantity", "cost", "currency", "status", "revision")
    list_filter = ("status", "currency")
    search_fields = ("portfolio__name", "instrument__symbol")
    list_select_related = ("portfolio", "instrument")
    ordering = ("-id",)


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin[Snapshot]):
    """Prepared documents."""

    list_display = ("portfolio", "revision", "updated_at")
    search_fields = ("portfolio__name",)
    list_select_related = ("portfolio",)
    ordering = ("-id",)


@admin.register(DailyValue)
class DailyValueAdmin(ReadOnlyAdmin[DailyValue]):
    """End-of-day values."""

    list_display = ("portfolio", "date", "value", "cash", "inflow", "outflow", "status", "revision")
    list_filter = ("status",)
    search_fields = ("portfolio__name",)
    list_select_related = ("portfolio",)
    ordering = ("-id",)


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin[Plan]):
    """What owners aim at."""

    list_display = ("portfolio", "updated_at")
    search_fields = ("portfolio__name",)
    list_select_related = ("portfolio",)
    ordering = ("-id",)


@admin.register(Disposal)
class DisposalAdmin(ReadOnlyAdmin[Disposal]):
    """Units sold or covered, and what was gained by it."""

    list_display = ("portfolio", "date", "instrument", "quantity", "gain", "currency", "gain_base")
    list_filter = ("is_short", "currency")
    search_fields = ("portfolio__name", "instrument__symbol")
    list_select_related = ("portfolio", "instrument")
    ordering = ("-id",)


@admin.register(CheckpointPart)
class CheckpointPartAdmin(ReadOnlyAdmin[CheckpointPart]):
    """From where recalculations go on."""

    list_display = ("portfolio", "date", "part", "revision")
    search_fields = ("portfolio__name",)
    list_select_related = ("portfolio",)
    ordering = ("-id",)


@admin.register(RecalculationRun)
class RecalculationRunAdmin(ReadOnlyAdmin[RecalculationRun]):
    """How recalculations went."""

    list_display = (
        "portfolio",
        "started_at",
        "duration_ms",
        "events",
        "days",
        "continued_from",
        "outcome",
    )
    list_filter = ("outcome",)
    search_fields = ("portfolio__name",)
    list_select_related = ("portfolio",)
    ordering = ("-started_at",)


@admin.register(Dismissal)
class DismissalAdmin(ReadOnlyAdmin[Dismissal]):
    """What owners have looked at and put aside."""

    list_display = ("portfolio", "finding", "dismissed_at")
    search_fields = ("portfolio__name", "finding")
    list_select_related = ("portfolio",)
    ordering = ("-id",)


@admin.register(Watchlist)
class WatchlistAdmin(ReadOnlyAdmin[Watchlist]):
    """Lists of what people watch."""

    list_display = ("name", "owner", "updated_at")
    search_fields = ("name", "owner__email")
    list_select_related = ("owner",)
    ordering = ("-id",)


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin[Alert]):
    """Alerts, and where they stand."""

    list_display = (
        "owner",
        "kind",
        "instrument",
        "portfolio",
        "limit",
        "state",
        "is_paused",
        "expires_at",
        "firings",
        "fired_at",
    )
    list_filter = ("kind", "state", "is_paused")
    search_fields = ("owner__email", "instrument__symbol")
    list_select_related = ("owner", "instrument", "portfolio")
    ordering = ("-id",)


@admin.register(Firing)
class FiringAdmin(ReadOnlyAdmin[Firing]):
    """What alerts told, and whether that arrived."""

    list_display = (
        "owner",
        "title",
        "number",
        "fired_at",
        "is_read",
        "announced_at",
        "deliver_after",
        "delivery_failures",
        "emailed_at",
    )
    list_filter = ("kind", "is_read")
    search_fields = ("owner__email", "title")
    list_select_related = ("owner",)
    ordering = ("-id",)


@admin.register(IntradayValue)
class IntradayValueAdmin(ReadOnlyAdmin[IntradayValue]):
    """What portfolios were worth minute by minute."""

    list_display = ("portfolio", "at", "value", "status")
    search_fields = ("portfolio__name",)
    list_select_related = ("portfolio",)
    ordering = ("-at",)


@admin.register(MovedReference)
class MovedReferenceAdmin(ReadOnlyAdmin[MovedReference]):
    """What followed instruments that turned out to be others, to be taken back."""

    list_display = ("merge_key", "kind", "object_key", "moved_at")
    list_filter = ("kind",)
    search_fields = ("merge_key", "object_key")
    ordering = ("-id",)
