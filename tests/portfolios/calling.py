"""What tests of the API of portfolios send, and what they expect of a refusal."""

from django.urls import reverse

from portfolios.domain.kinds import RULES

#: What each kind needs beside its date and currency.
KINDS = {
    "buy": {"quantity": "10", "price": "5.5", "fee": "1"},
    "sell": {"quantity": "4", "price": "6.25", "tax": "0.5"},
    "dividend": {"amount": "3.3", "tax": "0.33"},
    "interest": {"amount": "1"},
    "fee": {"amount": "2"},
    "tax": {"amount": "2"},
    "deposit": {"amount": "1000"},
    "withdrawal": {"amount": "10"},
    "split": {"ratio": "4"},
    "transfer_in": {"quantity": "3", "price": "7"},
    "transfer_out": {"quantity": "3"},
    "sell_short": {"quantity": "4", "price": "6.25", "accrued": "0.5"},
    "buy_to_cover": {"quantity": "4", "price": "6.25", "fee": "1"},
    "redemption": {"quantity": "4", "price": "100", "accrued": "0.5"},
    "reinvestment": {"quantity": "0.25", "price": "6"},
    "notional_distribution": {"amount": "3.3"},
    "return_of_capital": {"amount": "3.3"},
    "fee_refund": {"amount": "2"},
    "tax_refund": {"amount": "2"},
    "exchange": {"amount": "100", "to_currency": "EUR", "to_amount": "92.5"},
    "spin_off": {"ratio": "0.1", "cost_share": "0.0825"},
    "merger": {"ratio": "0.5", "amount": "30", "price": "70"},
    "transfer": {"quantity": "3", "to_account": "Vault"},
    "expiry": {"quantity": "2"},
    "exercise_buy": {"quantity": "1", "price": "150"},
    "exercise_sell": {"quantity": "1", "price": "150", "ratio": "50"},
}


BRINGS_ANOTHER = {"spin_off", "merger", "exercise_buy", "exercise_sell"}


ABOUT_AN_INSTRUMENT = {kind.value for kind, rule in RULES.items() if "instrument_id" in rule.needs}


def at(name, *ids):
    return reverse(f"api-{name}", args=ids)


def post(api, address, content):
    return api.post(address, content, format="json")


def body_of(kind, instrument=None, **more):
    about = {"instrument_id": str(instrument.pk)} if kind in ABOUT_AN_INSTRUMENT else {}
    return (
        {"kind": kind, "trade_date": "2026-01-05", "currency": "USD"} | about | KINDS[kind] | more
    )


def recorded(api, portfolio, kind="buy", instrument=None, **more):
    answer = post(api, at("transactions", portfolio.pk), body_of(kind, instrument, **more))
    assert answer.status_code == 201, answer.content
    return answer.json()


def assert_refused(answer, *, field=None, status=422):
    """Assert that an answer is a problem document, and names the field."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("/problems/")
    assert problem["title"]
    assert problem["detail"]
    if field is not None:
        assert field in problem["errors"], problem
