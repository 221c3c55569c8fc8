"""The pages of portfolios."""

from django.urls import path

from portfolios import views

urlpatterns = [
    path("overview/", views.Overview.as_view(), name="overview"),
    path("portfolios/new/", views.NewPortfolio.as_view(), name="portfolio-new"),
    path("portfolios/<object_id:portfolio_id>/", views.PortfolioPage.as_view(), name="portfolio"),
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
        "portfolios/<object_id:portfolio_id>/why/<slug:figure>/",
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
    path(
        "instruments/<object_id:instrument_id>/",
        views.InstrumentPage.as_view(),
        name="instrument",
    ),
    path(
        "instruments/<object_id:instrument_id>/prices/<day:day>/delete/",
        views.DeletePrice.as_view(),
        name="price-delete",
    ),
]
