"""The pages of portfolios."""

from django.urls import path

from portfolios import views

urlpatterns = [
    path("overview/", views.Overview.as_view(), name="overview"),
    path("overview/why/", views.WhyOverview.as_view(), name="overview-why"),
    path("portfolios/new/", views.NewPortfolio.as_view(), name="portfolio-new"),
    path("portfolios/<object_id:portfolio_id>/", views.PortfolioPage.as_view(), name="portfolio"),
    path(
        "portfolios/<object_id:portfolio_id>/positions/",
        views.PositionsPage.as_view(),
        name="positions",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/positions/<object_id:instrument_id>/",
        views.PositionPage.as_view(),
        name="position",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/positions/<object_id:instrument_id>/lots/",
        views.Lots.as_view(),
        name="lots",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/settings/",
        views.PortfolioSettings.as_view(),
        name="portfolio-settings",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/settings/policy/",
        views.SetPolicy.as_view(),
        name="portfolio-policy",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/delete/",
        views.DeletePortfolio.as_view(),
        name="portfolio-delete",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/performance/",
        views.PerformancePage.as_view(),
        name="performance",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/forecast/",
        views.ForecastPage.as_view(),
        name="forecast",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/anomalies/",
        views.AnomaliesPage.as_view(),
        name="anomalies",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/anomalies/<slug:finding>/dismiss/",
        views.Dismiss.as_view(),
        name="anomaly-dismiss",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/splits/<object_id:action_id>/",
        views.RecordSplit.as_view(),
        name="split-record",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/splits/<object_id:action_id>/dismiss/",
        views.DismissSplit.as_view(),
        name="split-dismiss",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/why/<str:figure>/",
        views.Why.as_view(),
        name="why",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/gains/",
        views.GainsPage.as_view(),
        name="gains",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/gains/<object_id:transaction_id>/",
        views.SoldLots.as_view(),
        name="gains-lots",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/allocation/",
        views.AllocationPage.as_view(),
        name="allocation",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/allocation/targets/",
        views.SetTargets.as_view(),
        name="allocation-targets",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/allocation/limits/",
        views.SetLimits.as_view(),
        name="allocation-limits",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/transactions/",
        views.Transactions.as_view(),
        name="transactions",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/transactions/<object_id:transaction_id>/",
        views.EditTransaction.as_view(),
        name="transaction",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/transactions/<object_id:transaction_id>/void/",
        views.VoidTransaction.as_view(),
        name="transaction-void",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/transactions/<object_id:transaction_id>/restore/",
        views.RestoreTransaction.as_view(),
        name="transaction-restore",
    ),
    path(
        "portfolios/<object_id:portfolio_id>/transactions/<object_id:transaction_id>/history/",
        views.TransactionHistory.as_view(),
        name="transaction-history",
    ),
    path("instruments/", views.OwnInstruments.as_view(), name="own-instruments"),
    path("instruments/new/", views.NewInstrument.as_view(), name="instrument-new"),
    path(
        "instruments/<object_id:instrument_id>/",
        views.InstrumentPage.as_view(),
        name="instrument",
    ),
    path(
        "instruments/<object_id:instrument_id>/edit/",
        views.EditInstrument.as_view(),
        name="instrument-edit",
    ),
    path(
        "instruments/<object_id:instrument_id>/merge/",
        views.MergeInstrument.as_view(),
        name="instrument-merge",
    ),
    path(
        "instruments/<object_id:instrument_id>/merge/undo/",
        views.UndoMerge.as_view(),
        name="instrument-merge-undo",
    ),
    path(
        "instruments/<object_id:instrument_id>/delete/",
        views.DeleteInstrument.as_view(),
        name="instrument-delete",
    ),
    path(
        "instruments/<object_id:instrument_id>/weights/",
        views.ClassifyInstrument.as_view(),
        name="instrument-weights",
    ),
    path(
        "instruments/<object_id:instrument_id>/prices/<day:day>/delete/",
        views.DeletePrice.as_view(),
        name="price-delete",
    ),
    path(
        "instruments/<object_id:instrument_id>/watch/",
        views.WatchInstrument.as_view(),
        name="watch",
    ),
    path("watchlists/", views.WatchlistsPage.as_view(), name="watchlists"),
    path("watchlists/<object_id:watchlist_id>/", views.WatchlistPage.as_view(), name="watchlist"),
    path(
        "watchlists/<object_id:watchlist_id>/rename/",
        views.RenameWatchlist.as_view(),
        name="watchlist-rename",
    ),
    path(
        "watchlists/<object_id:watchlist_id>/delete/",
        views.DeleteWatchlist.as_view(),
        name="watchlist-delete",
    ),
    path(
        "watchlists/<object_id:watchlist_id>/entries/<object_id:instrument_id>/move/",
        views.MoveEntry.as_view(),
        name="entry-move",
    ),
    path(
        "watchlists/<object_id:watchlist_id>/entries/<object_id:instrument_id>/remove/",
        views.RemoveEntry.as_view(),
        name="entry-remove",
    ),
    path("alerts/", views.AlertsPage.as_view(), name="alerts"),
    path("alerts/<object_id:alert_id>/", views.EditAlert.as_view(), name="alert"),
    path("alerts/<object_id:alert_id>/pause/", views.PauseAlert.as_view(), name="alert-pause"),
    path("alerts/<object_id:alert_id>/delete/", views.DeleteAlert.as_view(), name="alert-delete"),
    path("inbox/", views.InboxPage.as_view(), name="inbox"),
]
