"""Ask about portfolios.

`portfolios` knows the things themselves, `ledger` their rows, `holdings` what they hold and what it
is worth.
"""

from portfolios.selectors.holdings import (
    LiveHoldings,
    PositionNotFound,
    Summary,
    list_lots,
    live_holdings,
    summarize,
    summarize_all,
)
from portfolios.selectors.ledger import (
    TransactionFilter,
    TransactionNotFound,
    count_fingerprints,
    draft_of,
    find_copy,
    find_imported,
    first_trade_date,
    get_transaction,
    list_copies,
    list_events,
    list_revisions,
    list_splits,
    list_transactions,
)
from portfolios.selectors.portfolios import (
    PortfolioNotFound,
    find_portfolio_for,
    first_partial_day,
    get_portfolio,
    last_daily_value,
    list_all_ids,
    list_daily_values,
    list_due,
    list_holders,
    list_intraday_values,
    list_portfolios,
    list_worths,
)

__all__ = [
    "LiveHoldings",
    "PortfolioNotFound",
    "PositionNotFound",
    "Summary",
    "TransactionFilter",
    "TransactionNotFound",
    "count_fingerprints",
    "draft_of",
    "find_copy",
    "find_imported",
    "find_portfolio_for",
    "first_partial_day",
    "first_trade_date",
    "get_portfolio",
    "get_transaction",
    "last_daily_value",
    "list_all_ids",
    "list_copies",
    "list_daily_values",
    "list_due",
    "list_events",
    "list_holders",
    "list_intraday_values",
    "list_lots",
    "list_portfolios",
    "list_revisions",
    "list_splits",
    "list_transactions",
    "list_worths",
    "live_holdings",
    "summarize",
    "summarize_all",
]
