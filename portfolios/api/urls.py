"""The API of portfolios."""

from django.urls import path

from portfolios.api import (
    allocation,
    anomalies,
    forecasting,
    gains,
    performance,
    policy,
    positions,
    splits,
    views,
    watching,
)

_ONE = "portfolios/<object_id:portfolio_id>/"
_ROW = f"{_ONE}transactions/<object_id:transaction_id>/"

urlpatterns = [
    path("portfolios/", views.Portfolios.as_view(), name="api-portfolios"),
    path(_ONE, views.PortfolioDetail.as_view(), name="api-portfolio"),
    path(f"{_ONE}policy/", policy.PolicyDetail.as_view(), name="api-policy"),
    path(f"{_ONE}summary/", views.Summary.as_view(), name="api-summary"),
    path(f"{_ONE}values/", views.DailyValues.as_view(), name="api-values"),
    path(f"{_ONE}values/intraday/", views.IntradayValues.as_view(), name="api-intraday"),
    path(f"{_ONE}splits/", splits.Splits.as_view(), name="api-splits"),
    path(f"{_ONE}splits/<object_id:action_id>/", splits.Split.as_view(), name="api-split"),
    path(f"{_ONE}positions/", positions.Positions.as_view(), name="api-positions"),
    path(
        f"{_ONE}positions/<object_id:instrument_id>/values/",
        positions.PositionDays.as_view(),
        name="api-position-days",
    ),
    path(
        f"{_ONE}positions/<object_id:instrument_id>/lots/",
        views.Lots.as_view(),
        name="api-lots",
    ),
    path(f"{_ONE}transactions/", views.Transactions.as_view(), name="api-transactions"),
    path(_ROW, views.TransactionDetail.as_view(), name="api-transaction"),
    path(f"{_ROW}restorations/", views.Restorations.as_view(), name="api-transaction-restorations"),
    path(f"{_ROW}history/", views.TransactionHistory.as_view(), name="api-transaction-history"),
    path(f"{_ONE}performance/", performance.Performance.as_view(), name="api-performance"),
    path(f"{_ONE}risk/", performance.Risk.as_view(), name="api-risk"),
    path(f"{_ONE}returns/", performance.Returns.as_view(), name="api-returns"),
    path(f"{_ONE}forecast/", forecasting.Forecast.as_view(), name="api-forecast"),
    path(f"{_ONE}anomalies/", anomalies.Anomalies.as_view(), name="api-anomalies"),
    path(
        f"{_ONE}anomalies/<slug:finding>/dismissal/",
        anomalies.Dismissal.as_view(),
        name="api-dismissal",
    ),
    path(f"{_ONE}attribution/", gains.Attributions.as_view(), name="api-attribution"),
    path(
        f"{_ONE}positions/<object_id:instrument_id>/what-if/",
        gains.WhatIf.as_view(),
        name="api-what-if",
    ),
    path(f"{_ONE}disposals/", gains.Disposals.as_view(), name="api-disposals"),
    path(f"{_ONE}disposals/years/", gains.TaxYears.as_view(), name="api-tax-years"),
    path(f"{_ONE}disposals/export/", gains.DisposalsExport.as_view(), name="api-disposals-export"),
    path(f"{_ONE}allocation/", allocation.Allocation.as_view(), name="api-allocation"),
    path(f"{_ONE}checks/", allocation.Checks.as_view(), name="api-checks"),
    path(f"{_ONE}targets/", allocation.Targets.as_view(), name="api-targets"),
    path("watchlists/", watching.Watchlists.as_view(), name="api-watchlists"),
    path(
        "watchlists/<object_id:watchlist_id>/",
        watching.WatchlistDetail.as_view(),
        name="api-watchlist",
    ),
    path(
        "watchlists/<object_id:watchlist_id>/entries/<object_id:instrument_id>/",
        watching.WatchlistEntry.as_view(),
        name="api-watchlist-entry",
    ),
    path("alerts/", watching.Alerts.as_view(), name="api-alerts"),
    path("alerts/<object_id:alert_id>/", watching.AlertDetail.as_view(), name="api-alert"),
    path("inbox/", watching.Inbox.as_view(), name="api-inbox"),
    path("inbox/readings/", watching.Readings.as_view(), name="api-readings"),
    path(f"{_ONE}rebalancing/", allocation.Rebalancing.as_view(), name="api-rebalancing"),
]
