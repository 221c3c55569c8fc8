"""What a test or a developer does to the sandbox: trade, travel in time, break things, look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from brokers.sandbox import scenarios
from brokers.sandbox.faults import Answer, Fault, answer, read_fault
from brokers.sandbox.house import House
from brokers.sandbox.world import World

_DECIMALS = ("qty", "price", "amount", "ratio")
_MOMENTS = ("at", "created_at")


class Control:
    """The faults in force and the questions so far; everything else is the world's."""

    def __init__(self, world: World, houses: Mapping[str, House]) -> None:
        self._world, self._houses = world, houses
        self.faults: list[Fault] = []
        self.requests: list[dict[str, Any]] = []
        #: By house and path, what was answered last.
        self.last_pages: dict[tuple[str, str], Answer] = {}
        self._play: scenarios.Play | None = None

    def serve(self, method: str, path: str, body: Mapping[str, Any]) -> Answer:
        """Answer one order."""
        order = self._orders().get((method, path.removeprefix("/_control/").strip("/")))
        if order is None:
            return answer({"message": "no such order"}, 404)
        try:
            return answer(order(body))
        except (KeyError, ValueError, ArithmeticError, TypeError) as error:
            return answer({"message": f"{type(error).__name__}: {error}"}, 422)

    def _orders(self) -> Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Any]]:
        return {
            ("POST", "reset"): self._reset,
            ("POST", "clock"): self._clock,
            ("POST", "faults"): self._break,
            ("DELETE", "faults"): self._mend,
            ("POST", "accounts"): self._open,
            ("POST", "ledger"): lambda body: self._book(dict(body)),
            ("GET", "requests"): lambda _body: self.requests,
            ("GET", "truth"): lambda _body: self._truth(),
        }

    def _break(self, body: Mapping[str, Any]) -> dict[str, int]:
        self.faults += [read_fault(each) for each in body["faults"]]
        return {"faults": len(self.faults)}

    def _mend(self, _body: Mapping[str, Any]) -> dict[str, int]:
        self.faults.clear()
        return {"faults": 0}

    def _reset(self, body: Mapping[str, Any]) -> dict[str, Any]:
        scenario = scenarios.load(body["scenario"]) if "scenario" in body else None
        usual = 0 if scenario else 60
        self._world.reset(body.get("seed", 1), activities=body.get("activities", usual))
        self.faults.clear()
        self.requests.clear()
        self.last_pages.clear()
        self._play = None
        if scenario is not None:
            self.play(scenario, begins_on=body.get("begins_on"))
        return self._truth()

    def play(self, scenario: scenarios.Scenario, *, begins_on: str | None = None) -> None:
        """Play a story: at once where it is over by now, else as its clock is moved.

        Args:
            begins_on: a day, on which the clock is stopped; None lets it be over by now.
        """
        clock = self._world.clock
        day = date.fromisoformat(begins_on) if begins_on else None
        begins_at = scenario.first_midnight(day, now=clock.now())
        if day is not None:
            clock.fixed = begins_at
        self._play = scenarios.Play(scenario, begins_at=begins_at)
        self._go_on()

    def _go_on(self) -> None:
        if self._play is not None:
            self._play.go_on(self._world.clock.now(), self._do)

    def _do(self, step: dict[str, Any]) -> dict[str, Any]:
        """Do what a story wants: in the books, or to the answers."""
        if step["op"] == "break":
            return self._break(step)
        return self._mend(step) if step["op"] == "mend" else self._book(step)

    def _clock(self, body: Mapping[str, Any]) -> dict[str, str]:
        clock = self._world.clock
        if "now" in body:
            clock.fixed = datetime.fromisoformat(body["now"])
        clock.moved += timedelta(seconds=body.get("advance_s", 0))
        self._go_on()
        return {"now": clock.now().isoformat()}

    def _open(self, body: Mapping[str, Any]) -> dict[str, int]:
        house = self._houses[body["house"]]
        for key, secret in body["accounts"].items():
            house.open(self._world, key, secret)
        return {"accounts": len(self._world.accounts)}

    def _book(self, given: dict[str, Any]) -> dict[str, Any]:
        # Without a name it is the first one's that was opened.
        key = given.pop("account", next(iter(self._world.accounts)))
        account = self._world.accounts[key]
        order = given.pop("op")
        known: dict[str, Any] = {"at": self._world.clock.now()} if order != "cancel" else {}
        for name, value in given.items():
            known[name] = value
            if name in _DECIMALS and isinstance(value, str):
                known[name] = Decimal(value)
            if name in _MOMENTS:
                known[name] = datetime.fromisoformat(value)
        if order == "alter":
            entry = account.find(known["key"])
            entry.row |= given["fields"]
            entry.counts = given.get("counts", entry.counts)
            return entry.row
        if order == "remove":
            # As no broker says: the books are others, without a word about it.
            entry = account.find(known["key"])
            account.entries.remove(entry)
            return entry.row
        return account.orders[order](**known)

    def _truth(self) -> dict[str, Any]:
        return {
            key: {
                "number": account.number,
                "positions": {name: str(units) for name, units in account.positions().items()},
                "cash": {name: str(amount) for name, amount in account.cash().items()},
                "events": [entry.row["id"] for entry in account.entries if entry.counts],
            }
            for key, account in self._world.accounts.items()
        }
