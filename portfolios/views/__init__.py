"""The pages of portfolios; each makes one call and hands plain values to its template."""

from portfolios.views.allocation import AllocationPage, SetLimits, SetTargets
from portfolios.views.base import Page
from portfolios.views.instruments import DeletePrice, InstrumentPage
from portfolios.views.performance import PerformancePage
from portfolios.views.portfolios import (
    DeletePortfolio,
    Lots,
    NewPortfolio,
    Overview,
    PortfolioPage,
    PortfolioSettings,
)
from portfolios.views.transactions import (
    EditTransaction,
    RestoreTransaction,
    TransactionHistory,
    Transactions,
    VoidTransaction,
)

__all__ = [
    "AllocationPage",
    "DeletePortfolio",
    "DeletePrice",
    "EditTransaction",
    "InstrumentPage",
    "Lots",
    "NewPortfolio",
    "Overview",
    "Page",
    "PerformancePage",
    "PortfolioPage",
    "PortfolioSettings",
    "RestoreTransaction",
    "SetLimits",
    "SetTargets",
    "TransactionHistory",
    "Transactions",
    "VoidTransaction",
]
