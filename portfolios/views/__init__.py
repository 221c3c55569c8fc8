"""The pages of portfolios; each makes one call and hands plain values to its template."""

from portfolios.views.allocation import AllocationPage, SetLimits, SetTargets
from portfolios.views.anomalies import AnomaliesPage, Dismiss
from portfolios.views.base import Page
from portfolios.views.forecasting import ForecastPage
from portfolios.views.gains import GainsPage, Lots, SoldLots
from portfolios.views.instruments import DeletePrice, InstrumentPage
from portfolios.views.merging import DeleteInstrument, MergeInstrument, UndoMerge
from portfolios.views.own_instruments import (
    ClassifyInstrument,
    EditInstrument,
    NewInstrument,
    OwnInstruments,
)
from portfolios.views.performance import PerformancePage
from portfolios.views.portfolios import NewPortfolio, Overview, PortfolioPage
from portfolios.views.position import PositionPage
from portfolios.views.positions import PositionsPage
from portfolios.views.settings import DeletePortfolio, PortfolioSettings, SetPolicy
from portfolios.views.splits import DismissSplit, RecordSplit
from portfolios.views.transactions import (
    EditTransaction,
    RestoreTransaction,
    TransactionHistory,
    Transactions,
    VoidTransaction,
)
from portfolios.views.watching import (
    AlertsPage,
    DeleteAlert,
    DeleteWatchlist,
    EditAlert,
    InboxPage,
    MoveEntry,
    PauseAlert,
    RemoveEntry,
    RenameWatchlist,
    WatchInstrument,
    WatchlistPage,
    WatchlistsPage,
)
from portfolios.views.why import Why, WhyOverview

__all__ = [
    "AlertsPage",
    "AllocationPage",
    "AnomaliesPage",
    "ClassifyInstrument",
    "DeleteAlert",
    "DeleteInstrument",
    "DeletePortfolio",
    "DeletePrice",
    "DeleteWatchlist",
    "Dismiss",
    "DismissSplit",
    "EditAlert",
    "EditInstrument",
    "EditTransaction",
    "ForecastPage",
    "GainsPage",
    "InboxPage",
    "InstrumentPage",
    "Lots",
    "MergeInstrument",
    "MoveEntry",
    "NewInstrument",
    "NewPortfolio",
    "Overview",
    "OwnInstruments",
    "Page",
    "PauseAlert",
    "PerformancePage",
    "PortfolioPage",
    "PortfolioSettings",
    "PositionPage",
    "PositionsPage",
    "RecordSplit",
    "RemoveEntry",
    "RenameWatchlist",
    "RestoreTransaction",
    "SetLimits",
    "SetPolicy",
    "SetTargets",
    "SoldLots",
    "TransactionHistory",
    "Transactions",
    "UndoMerge",
    "VoidTransaction",
    "WatchInstrument",
    "WatchlistPage",
    "WatchlistsPage",
    "Why",
    "WhyOverview",
]
