"""The person behind a request, and their preferences."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User

ME = "/api/v1/me/"


@pytest.fixture
def me(program_of, ada):
    return program_of(ada)


def test_shows_who_is_signed_in(me, ada):
    assert me.get(ME).json() == {
        "id": str(ada.pk),
        "email": "ada@example.test",
        "base_currency": "EUR",
        "time_zone": "UTC",
        "locale": "en-US",
    }


def test_changes_what_is_given_and_nothing_else(me, ada):
    answer = me.patch(ME, {"time_zone": "America/New_York"}, "json")

    stored = User.objects.get()
    assert answer.json()["time_zone"] == stored.time_zone == "America/New_York"
    assert (stored.base_currency, stored.locale) == ("EUR", "en-US")


def test_powers_cannot_be_taken_on_the_way(me):
    answer = me.patch(ME, {"locale": "de-DE", "is_staff": True, "email": "x@example.test"}, "json")

    stored = User.objects.get()
    assert answer.json()["errors"].keys() == {"is_staff", "email"}
    assert (stored.locale, stored.is_staff, stored.email) == ("en-US", False, "ada@example.test")


@pytest.mark.parametrize("field", ["base_currency", "time_zone", "locale"])
def test_unknown_values_are_refused_with_the_field(me, field):
    for value in ["XXY", "", None, 7, ["EUR"], {"$ne": None}, "../etc", "x" * 10_000, "🦊", "\x00"]:
        answer = me.patch(ME, {field: value}, "json")

        assert answer.status_code == 422, value
        assert list(answer.json()["errors"]) == [field], value


def test_nobody_is_told_to_sign_in(program):
    answer = program.get(ME)

    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/not-signed-in"


def test_a_session_changes_nothing_without_the_csrf_token(ada):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")

    answer = browser.patch(ME, {"locale": "de-DE"}, "application/json")

    assert answer.status_code == 403
    assert User.objects.get().locale == "en-US"


def test_the_page_stores_preferences(ada, browser_of):
    browser = browser_of(ada)
    chosen = {"base_currency": "USD", "time_zone": "Asia/Kolkata", "locale": "en-IN"}

    answer = browser.post(reverse("preferences"), chosen, follow=True)

    stored = User.objects.get()
    assert answer.status_code == 200
    assert (stored.base_currency, stored.time_zone, stored.locale) == tuple(chosen.values())
    assert answer.context["form"].initial == chosen


def test_the_page_refuses_unknown_values(ada, browser_of):
    browser = browser_of(ada)
    for text in ["", "++", "x" * 10_000, "a\x00b", "🦊"]:
        chosen = {"base_currency": text, "time_zone": text, "locale": text}

        answer = browser.post(reverse("preferences"), chosen)

        assert answer.status_code == 422, repr(text)
        assert set(answer.context["form"].errors) == set(chosen), repr(text)
