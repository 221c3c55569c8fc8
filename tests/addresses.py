"""Every address there is: who may come, what they are answered, and what is sent.

An address that is in none of these tables fails `tests/test_access.py`.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from portfolios.domain.policy import Policy

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: Who may come: anybody, whoever is signed in, or only the owner of what the address names.
EVERYBODY, SIGNED_IN, OWNER = "everybody", "signed in", "owner"


@dataclass(frozen=True)
class Route:
    """Who may come, what they are answered, and what is sent."""

    admits: str
    answers: dict[str, int]
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)


def a_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("rows.csv", b"date,type,amount,currency\n2026-01-05,deposit,5,USD\n")


_PORTFOLIO = "portfolios/<object_id:portfolio_id>/"
_ROW = f"{_PORTFOLIO}transactions/<object_id:transaction_id>/"
_RUN = f"{_PORTFOLIO}imports/<object_id:run_id>/"
_CONNECTION = f"{_PORTFOLIO}connections/<object_id:connection_id>/"
_DIFFERENCE = f"{_CONNECTION}differences/<object_id:discrepancy_id>/"
_DISCREPANCY = f"api/v1/{_CONNECTION}discrepancies/<object_id:discrepancy_id>/"
_MISSED_DAYS = f"api/v1/{_CONNECTION}missed-days/"
_RESYNC = f"api/v1/{_CONNECTION}resyncs/<object_id:resync_id>/"
_INSTRUMENT = "instruments/<object_id:instrument_id>/"
_WATCHLIST = "watchlists/<object_id:watchlist_id>/"
_ENTRY = f"{_WATCHLIST}entries/<object_id:instrument_id>/"
_ALERT = "alerts/<object_id:alert_id>/"
_DEPOSIT = {"kind": "deposit", "trade_date": "2026-01-05", "amount": "7", "currency": "USD"}
_BOAT = {"symbol": "BOAT", "name": "A boat", "currency": "EUR", "asset_class": "other"}
_PRICE = {"date": "2026-01-06", "close": "5"}
_WEIGHTS = {"weights": {"sector": {"real_estate": "1"}}}
_ALL = dict.fromkeys(METHODS, 302)
_NEW = {"name": "New", "base_currency": "EUR"}
_CHANGE = {"name": "Other", "tracks_cash": "true"}
_POLICY = asdict(Policy()) | {"cost_method": "lifo"}

ROUTES = {
    "": Route(EVERYBODY, _ALL),
    "theme/": Route(EVERYBODY, {"POST": 302}),
    "methods/": Route(EVERYBODY, {"GET": 200}),
    "glossary/": Route(EVERYBODY, {"GET": 200}),
    "accounts/preferences/": Route(SIGNED_IN, {"GET": 200, "POST": 422}),
    "overview/": Route(SIGNED_IN, {"GET": 200}),
    # There is one for each currency, which is asked for by name.
    "overview/why/": Route(SIGNED_IN, {"GET": 404}),
    "portfolios/new/": Route(SIGNED_IN, {"GET": 200, "POST": 302}, {"POST": _NEW}),
    _PORTFOLIO: Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}positions/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}positions/<object_id:instrument_id>/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}positions/<object_id:instrument_id>/lots/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}settings/": Route(OWNER, {"GET": 200, "POST": 302}, {"POST": _CHANGE}),
    f"{_PORTFOLIO}settings/policy/": Route(OWNER, {"POST": 302}, {"POST": _POLICY}),
    f"{_PORTFOLIO}delete/": Route(OWNER, {"POST": 302}, {"POST": {"name": "Long term"}}),
    f"{_PORTFOLIO}performance/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}forecast/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}anomalies/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}anomalies/<slug:finding>/dismiss/": Route(OWNER, {"POST": 302}),
    f"{_PORTFOLIO}splits/<object_id:action_id>/": Route(OWNER, {"POST": 302}),
    f"{_PORTFOLIO}splits/<object_id:action_id>/dismiss/": Route(OWNER, {"POST": 302}),
    f"{_PORTFOLIO}why/<str:figure>/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}gains/": Route(OWNER, {"GET": 200}),
    # A deposit sells nothing.
    f"{_PORTFOLIO}gains/<object_id:transaction_id>/": Route(OWNER, {"GET": 404}),
    f"{_PORTFOLIO}allocation/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}allocation/targets/": Route(OWNER, {"POST": 302}, {"POST": {"by": "holding"}}),
    f"{_PORTFOLIO}allocation/limits/": Route(OWNER, {"POST": 302}, {"POST": {"limit_fees": "2"}}),
    f"{_PORTFOLIO}transactions/": Route(OWNER, {"GET": 200, "POST": 302}, {"POST": _DEPOSIT}),
    _ROW: Route(OWNER, {"GET": 200, "POST": 302}, {"POST": _DEPOSIT | {"revision": "1"}}),
    f"{_ROW}void/": Route(OWNER, {"POST": 302}, {"POST": {"revision": "1"}}),
    f"{_ROW}restore/": Route(OWNER, {"POST": 302}, {"POST": {"revision": "1"}}),
    f"{_ROW}history/": Route(OWNER, {"GET": 200}),
    "instruments/": Route(SIGNED_IN, {"GET": 200}),
    "instruments/new/": Route(SIGNED_IN, {"GET": 200, "POST": 302}, {"POST": _BOAT}),
    f"{_INSTRUMENT}edit/": Route(
        OWNER, {"GET": 200, "POST": 302}, {"POST": {"name": "Other", "asset_class": "other"}}
    ),
    f"{_INSTRUMENT}merge/": Route(OWNER, {"GET": 200, "POST": 422}),
    # It is no other one.
    f"{_INSTRUMENT}merge/undo/": Route(OWNER, {"POST": 404}),
    # Transactions speak of it, which is said on the page led back to.
    f"{_INSTRUMENT}delete/": Route(OWNER, {"POST": 302}),
    f"{_INSTRUMENT}weights/": Route(OWNER, {"POST": 302}, {"POST": {"source": "a letter"}}),
    _INSTRUMENT: Route(OWNER, {"GET": 200, "POST": 302}, {"POST": _PRICE}),
    f"{_INSTRUMENT}prices/<day:day>/delete/": Route(OWNER, {"POST": 302}),
    f"{_INSTRUMENT}prices/paste/": Route(
        OWNER, {"GET": 200, "POST": 200}, {"POST": {"table": "2026-01-06,5"}}
    ),
    f"{_INSTRUMENT}watch/": Route(OWNER, {"POST": 302}),
    "watchlists/": Route(SIGNED_IN, {"GET": 200, "POST": 302}, {"POST": {"name": "Other"}}),
    _WATCHLIST: Route(OWNER, {"GET": 200, "POST": 302}, {"POST": {"symbol": "HOUSE"}}),
    f"{_WATCHLIST}rename/": Route(OWNER, {"POST": 302}, {"POST": {"name": "Chips"}}),
    f"{_WATCHLIST}delete/": Route(OWNER, {"POST": 302}),
    f"{_ENTRY}move/": Route(OWNER, {"POST": 302}, {"POST": {"place": "0"}}),
    f"{_ENTRY}remove/": Route(OWNER, {"POST": 302}),
    "alerts/": Route(SIGNED_IN, {"GET": 200, "POST": 422}),
    _ALERT: Route(OWNER, {"GET": 200, "POST": 302}, {"POST": {"limit": "12"}}),
    f"{_ALERT}pause/": Route(OWNER, {"POST": 302}),
    f"{_ALERT}delete/": Route(OWNER, {"POST": 302}),
    "inbox/": Route(SIGNED_IN, {"GET": 200, "POST": 302}),
    f"{_PORTFOLIO}imports/": Route(OWNER, {"GET": 200, "POST": 302}, {"POST": {"file": a_file}}),
    _RUN: Route(OWNER, {"GET": 200}),
    f"{_RUN}commit/": Route(OWNER, {"POST": 302}),
    f"{_RUN}undo/": Route(OWNER, {"POST": 302}),
    f"{_RUN}discard/": Route(OWNER, {"POST": 302}),
    f"{_PORTFOLIO}connections/": Route(
        OWNER, {"GET": 200, "POST": 422}, {"POST": {"broker": "alpaca"}}
    ),
    _CONNECTION: Route(OWNER, {"GET": 200}),
    # Alpaca's has no login: back to its page.
    f"{_CONNECTION}login/": Route(OWNER, {"GET": 302}),
    "brokers/<slug:broker>/callback/": Route(SIGNED_IN, {"GET": 302}),
    f"{_CONNECTION}sync/": Route(OWNER, {"POST": 302}),
    f"{_CONNECTION}test/": Route(OWNER, {"POST": 302}),
    f"{_CONNECTION}pause/": Route(OWNER, {"POST": 302}),
    f"{_CONNECTION}resume/": Route(OWNER, {"POST": 302}),
    f"{_CONNECTION}key/": Route(OWNER, {"POST": 422}),
    f"{_CONNECTION}differences/": Route(OWNER, {"GET": 200}),
    _DIFFERENCE: Route(OWNER, {"POST": 302}, {"POST": {"decision": "put_aside"}}),
    # There is no sync that fetches, for it is paused.
    f"{_CONNECTION}resync/": Route(OWNER, {"GET": 200, "POST": 302}),
    f"{_CONNECTION}resync/<object_id:resync_id>/": Route(OWNER, {"POST": 302}),
    f"{_CONNECTION}missed-days/": Route(OWNER, {"POST": 302}, {"POST": {"through": "2026-01-05"}}),
    f"{_CONNECTION}disconnect/": Route(OWNER, {"POST": 302}, {"POST": {"ledger": "keep"}}),
    "api/v1/auth/token/": Route(EVERYBODY, {"POST": 422}),
    "api/v1/auth/token/refresh/": Route(EVERYBODY, {"POST": 422}),
    "api/v1/auth/token/verify/": Route(EVERYBODY, {"POST": 422}),
    "api/v1/schema/": Route(EVERYBODY, {"GET": 200}),
    "api/v1/me/": Route(SIGNED_IN, {"GET": 200, "PATCH": 200}),
    "api/v1/stream-tickets/": Route(SIGNED_IN, {"POST": 201}),
    "api/v1/instruments/search/": Route(SIGNED_IN, {"GET": 200}, queries={"GET": "q=a"}),
    # No source has told of it.
    "api/v1/instruments/found/": Route(
        SIGNED_IN, {"POST": 404}, {"POST": {"identity": "XNAS:NOBODY:USD"}}
    ),
    "api/v1/instruments/": Route(
        SIGNED_IN,
        {"GET": 200, "POST": 201},
        {"POST": _BOAT},
    ),
    f"api/v1/{_INSTRUMENT}": Route(
        OWNER, {"GET": 200, "PATCH": 200, "DELETE": 409}, {"PATCH": {"name": "Other"}}
    ),
    f"api/v1/{_INSTRUMENT}merge/": Route(
        OWNER, {"GET": 404, "POST": 404, "DELETE": 404}, {"POST": {"into": "0" * 24}}
    ),
    f"api/v1/{_INSTRUMENT}weights/": Route(OWNER, {"GET": 200, "PUT": 200}, {"PUT": _WEIGHTS}),
    f"api/v1/{_INSTRUMENT}prices/": Route(
        OWNER, {"GET": 200, "POST": 201}, {"POST": {"prices": [_PRICE]}}
    ),
    f"api/v1/{_INSTRUMENT}prices/<day:day>/": Route(OWNER, {"DELETE": 204}),
    f"api/v1/{_INSTRUMENT}actions/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_INSTRUMENT}aliases/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_INSTRUMENT}bars/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_INSTRUMENT}bars/intraday/": Route(OWNER, {"GET": 200}),
    "api/v1/quotes/": Route(SIGNED_IN, {"GET": 200}, queries={"GET": f"ids={'0' * 24}"}),
    "api/v1/portfolios/": Route(SIGNED_IN, {"GET": 200, "POST": 201}, {"POST": _NEW}),
    f"api/v1/{_PORTFOLIO}": Route(OWNER, {"GET": 200, "PUT": 200, "DELETE": 204}, {"PUT": _CHANGE}),
    f"api/v1/{_PORTFOLIO}policy/": Route(
        OWNER, {"GET": 200, "PUT": 200}, {"PUT": {"cost_method": "lifo"}}
    ),
    f"api/v1/{_PORTFOLIO}summary/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}values/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}values/intraday/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}splits/": Route(OWNER, {"GET": 200}),
    # Once it is recorded there is nothing to be put aside.
    f"api/v1/{_PORTFOLIO}splits/<object_id:action_id>/": Route(OWNER, {"POST": 201, "DELETE": 404}),
    f"api/v1/{_PORTFOLIO}positions/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}positions/<object_id:instrument_id>/values/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}positions/<object_id:instrument_id>/lots/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}performance/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}forecast/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}anomalies/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}anomalies/<slug:finding>/dismissal/": Route(
        OWNER, {"PUT": 204, "DELETE": 204}
    ),
    f"api/v1/{_PORTFOLIO}risk/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}returns/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}attribution/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}positions/<object_id:instrument_id>/what-if/": Route(
        OWNER, {"GET": 200}, queries={"GET": "quantity=1&price=2"}
    ),
    f"api/v1/{_PORTFOLIO}disposals/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}disposals/years/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}disposals/export/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}allocation/": Route(OWNER, {"GET": 200}, queries={"GET": "by=sector"}),
    f"api/v1/{_PORTFOLIO}checks/": Route(OWNER, {"GET": 200, "PUT": 200}, {"PUT": {"limits": {}}}),
    f"api/v1/{_PORTFOLIO}targets/": Route(
        OWNER, {"GET": 200, "PUT": 200}, {"PUT": {"by": "holding", "targets": []}}
    ),
    f"api/v1/{_PORTFOLIO}rebalancing/": Route(OWNER, {"POST": 200}),
    f"api/v1/{_PORTFOLIO}export/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}transactions/": Route(
        OWNER, {"GET": 200, "POST": 201}, {"POST": _DEPOSIT}
    ),
    f"api/v1/{_ROW}": Route(
        OWNER,
        {"GET": 200, "PUT": 200, "DELETE": 204},
        {"PUT": _DEPOSIT | {"revision": 1}},
        # The edit has made it the second revision.
        {"DELETE": "revision=2"},
    ),
    # What counts can't be restored.
    f"api/v1/{_ROW}restorations/": Route(OWNER, {"POST": 404}, {"POST": {"revision": 1}}),
    f"api/v1/{_ROW}history/": Route(OWNER, {"GET": 200}),
    "api/v1/watchlists/": Route(SIGNED_IN, {"GET": 200, "POST": 201}, {"POST": {"name": "Other"}}),
    f"api/v1/{_WATCHLIST}": Route(
        OWNER, {"GET": 200, "PATCH": 200, "DELETE": 204}, {"PATCH": {"name": "Other"}}
    ),
    f"api/v1/{_ENTRY}": Route(OWNER, {"PUT": 200, "DELETE": 204}, {"PUT": {"note": "a note"}}),
    # The kind lacks what it is about.
    "api/v1/alerts/": Route(
        SIGNED_IN, {"GET": 200, "POST": 422}, {"POST": {"kind": "drift", "limit": "0.1"}}
    ),
    f"api/v1/{_ALERT}": Route(
        OWNER, {"GET": 200, "PATCH": 200, "DELETE": 204}, {"PATCH": {"is_paused": True}}
    ),
    "api/v1/inbox/": Route(SIGNED_IN, {"GET": 200}),
    "api/v1/inbox/readings/": Route(SIGNED_IN, {"POST": 200}),
    f"api/v1/{_PORTFOLIO}imports/": Route(
        OWNER, {"GET": 200, "POST": 202}, {"POST": {"file": a_file}}
    ),
    f"api/v1/{_RUN}": Route(OWNER, {"GET": 200, "DELETE": 204}),
    f"api/v1/{_RUN}rows/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_RUN}commits/": Route(OWNER, {"POST": 202}),
    # What was not committed can't be undone.
    f"api/v1/{_RUN}undos/": Route(OWNER, {"POST": 409}),
    "api/v1/brokers/": Route(SIGNED_IN, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}connections/": Route(OWNER, {"GET": 200, "POST": 422}),
    f"api/v1/{_CONNECTION}": Route(
        OWNER,
        {"GET": 200, "PATCH": 200, "DELETE": 200},
        {"PATCH": {"is_paused": False}},
        {"DELETE": "ledger=keep"},
    ),
    # Its secret can't be opened, and it is paused.
    f"api/v1/{_CONNECTION}checks/": Route(OWNER, {"POST": 503}),
    f"api/v1/{_CONNECTION}credentials/": Route(
        OWNER, {"PUT": 422}, {"PUT": {"credentials": {"key_id": "K"}}}
    ),
    f"api/v1/{_CONNECTION}syncs/": Route(OWNER, {"GET": 200, "POST": 409}),
    f"api/v1/{_CONNECTION}syncs/<object_id:sync_id>/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_CONNECTION}discrepancies/": Route(OWNER, {"GET": 200}),
    _DISCREPANCY: Route(OWNER, {"GET": 200, "PATCH": 200}, {"PATCH": {"is_put_aside": True}}),
    # The figures are others by now.
    f"{_DISCREPANCY}acceptances/": Route(
        OWNER, {"POST": 409}, {"POST": {"theirs": "9", "ours": "4"}}
    ),
    f"api/v1/{_CONNECTION}equity/": Route(OWNER, {"GET": 200}),
    _MISSED_DAYS: Route(OWNER, {"GET": 200}),
    f"{_MISSED_DAYS}<object_id:missed_day_id>/": Route(
        OWNER, {"PATCH": 200}, {"PATCH": {"is_settled": True}}
    ),
    f"api/v1/{_CONNECTION}resyncs/": Route(OWNER, {"GET": 200, "POST": 409}),
    # It failed.
    _RESYNC: Route(OWNER, {"GET": 200, "DELETE": 409}),
    f"{_RESYNC}switches/": Route(OWNER, {"POST": 409}),
    f"{_RESYNC}undos/": Route(OWNER, {"POST": 409}),
    f"api/v1/{_CONNECTION}unbooked/": Route(OWNER, {"GET": 200}),
}
#: Pages of allauth that are made for visitors; all its others send them to the sign-in.
ENTRANCES = {
    "accounts/signup/",
    "accounts/login/",
    "accounts/logout/",
    "accounts/inactive/",
    "accounts/confirm-email/",
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$",
    "accounts/login/code/confirm/",
    "accounts/password/reset/",
    "accounts/password/reset/done/",
    "accounts/password/reset/key/done/",
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
    "admin/logout/",
}
BEHIND_SIGN_IN = {
    "accounts/reauthenticate/",
    "accounts/email/",
    "accounts/password/change/",
    "accounts/password/set/",
}
