"""Looks up what the hub has not heard: holdings, and the prices of what is not being traded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from time import monotonic

from common import clock
from marketdata import selectors as market
from portfolios import selectors as portfolios
from realtime.admission import in_database
from realtime.book import Book, Watched
from realtime.crowd import Crowd
from realtime.prices import PriceBoard


class Loader:
    """Fills the board and the book from the database; raises what the database raises."""

    def __init__(
        self,
        board: PriceBoard,
        book: Book,
        crowd: Crowd,
        *,
        on_new_revision: Callable[[Watched], None],
    ) -> None:
        """Set it up.

        Args:
            board: where prices go.
            book: where holdings go.
            crowd: told whose price is another than before.
            on_new_revision: told each portfolio that is found changed when it is loaded again.
        """
        self._board = board
        self._book = book
        self._crowd = crowd
        self._on_new_revision = on_new_revision
        self._asked: dict[str, None] = {}
        self._has_work = asyncio.Event()

    def ask(self, portfolio_ids: Collection[str]) -> None:
        """Have portfolios loaded again soon, each once however often it is asked for."""
        self._asked.update(dict.fromkeys(portfolio_ids))
        self._has_work.set()

    async def work(self) -> None:
        """Load what is asked for, one after the other, for ever."""
        while True:
            while self._asked:
                portfolio_id = next(iter(self._asked))
                # Taken off before it is loaded: who asks meanwhile has news of a later change.
                del self._asked[portfolio_id]
                if self._book.find(portfolio_id) is None:
                    continue
                try:
                    await self._load_portfolio(portfolio_id)
                except Exception:
                    self.ask([portfolio_id])
                    raise
            self._has_work.clear()
            await self._has_work.wait()

    async def load_missing(
        self, instruments: Collection[str], portfolio_ids: Collection[str]
    ) -> None:
        """Load those portfolios that are not known yet, and the prices that no feed tells."""
        for portfolio_id in portfolio_ids:
            watched = self._book.find(portfolio_id)
            if watched is not None and watched.holdings is None:
                await self._load_portfolio(portfolio_id)
        await self._load_prices(instruments)

    async def _load_portfolio(self, portfolio_id: str) -> None:
        self._board.set_pairs(await in_database(market.currency_pairs))
        holdings = await in_database(portfolios.live_holdings, portfolio_id)
        watched = self._book.find(portfolio_id)
        if watched is None:
            return
        has_changed = self._book.load(watched, holdings, board=self._board, moment=monotonic())
        await self._load_prices(watched.inputs)
        if has_changed:
            self._on_new_revision(watched)

    async def _load_prices(self, instruments: Collection[str]) -> None:
        asked = self._board.not_fed(instruments)
        if asked:
            found = await in_database(market.latest_prices, asked)
            changed = self._board.take(found, asked=asked, now=clock.now())
            self._book.note(changed)
            self._crowd.note(changed)
