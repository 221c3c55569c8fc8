"""The API of portfolios."""

from django.urls import path

from portfolios.api import views

_ONE = "portfolios/<object_id:portfolio_id>/"
_ROW = f"{_ONE}transactions/<object_id:transaction_id>/"

urlpatterns = [
    path("portfolios/", views.Portfolios.as_view(), name="api-portfolios"),
    path(_ONE, views.PortfolioDetail.as_view(), name="api-portfolio"),
    path(f"{_ONE}summary/", views.Summary.as_view(), name="api-summary"),
    path(f"{_ONE}values/", views.DailyValues.as_view(), name="api-values"),
    path(f"{_ONE}transactions/", views.Transactions.as_view(), name="api-transactions"),
    path(_ROW, views.TransactionDetail.as_view(), name="api-transaction"),
    path(f"{_ROW}history/", views.TransactionHistory.as_view(), name="api-transaction-history"),
]
