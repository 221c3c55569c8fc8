"""The pages of portfolios; each makes one call and hands plain values to its template."""

from portfolios.views.allocation import AllocationPage, SetLimits, SetTargets
from portfolios.views.anomalies import AnomaliesPage, Dismiss
from portfolios.views.base import Page
from portfolios.views.forecasting import ForecastPage
from portfolios.views.gains import GainsPage, Lots, SoldLots
from portfolios.views.instruments import DeletePrice, InstrumentPage
from portfolios.views.performance import PerformancePage
from portfolios.views.portfolios import NewPortfolio, Overview, PortfolioPage
from portfolios.views.positions import PositionsPage
from portfolios.views.settings import DeletePortfolio, PortfolioSettings, SetPolicy
from portfolios.views.transactions import (
    EditTransaction,
    RestoreTransaction,
    TransactionHistory,
    Transactions,
    VoidTransaction,
)
from portfolios.views.why import Why

__all__ = [
    "AllocationPage",
    "AnomaliesPage",
    "DeletePortfolio",
    "DeletePrice",
    "Dismiss",
    "EditTransaction",
    "ForecastPage",
    "GainsPage",
    "InstrumentPage",
    "Lots",
    "NewPortfolio",
    "Overview",
    "Page",
    "PerformancePage",
    "PortfolioPage",
    "PortfolioSettings",
    "PositionsPage",
    "RestoreTransaction",
    "SetLimits",
    "SetPolicy",
    "SetTargets",
    "SoldLots",
    "TransactionHistory",
    "Transactions",
    "VoidTransaction",
    "Why",
]
