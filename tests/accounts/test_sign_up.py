"""Becoming a user."""

from threading import Barrier, Thread

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User

PASSWORD = "correct horse battery staple"
JUNK = ["++", ".*", "a(c", "x" * 10_000, "a\x00b", "🦊", "{'$ne': None}", "\ud7ff"]


def sign_up(client: Client, **changes):
    form = {"email": "ada@example.test", "password1": PASSWORD, "password2": PASSWORD}
    return client.post(reverse("account_signup"), form | changes)


def test_signing_up_signs_in_and_keeps_the_preferences(browser):
    chosen = {"base_currency": "CHF", "time_zone": "Europe/Zurich", "locale": "de-CH"}

    answer = sign_up(browser, email="Ada@Example.test", **chosen)

    user = User.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == reverse("overview")
    assert user.email == "ada@example.test"
    assert (user.base_currency, user.time_zone, user.locale) == tuple(chosen.values())
    assert browser.session["_auth_user_id"] == str(user.pk)


def test_preferences_that_are_left_out_get_defaults(browser):
    sign_up(browser, base_currency="", time_zone="")

    user = User.objects.get()
    assert (user.base_currency, user.time_zone, user.locale) == ("EUR", "UTC", "en-US")


def test_passwords_are_stored_with_argon2(browser, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

    sign_up(browser)

    assert User.objects.get().password.startswith("argon2$argon2id$")


@pytest.mark.parametrize("email", ["ada@example.test", "ADA@example.TEST", " ada@example.test "])
def test_a_taken_address_is_refused_in_any_spelling(browser, ada, email):
    answer = sign_up(browser, email=email)

    assert answer.status_code == 200
    assert answer.context["form"].errors["email"]
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "password",
    ["short", "administrator", "ada@example.test", "x" * 2_000],
    ids=lambda text: text[:16],
)
def test_a_weak_or_endless_password_is_refused(browser, password):
    answer = sign_up(browser, password1=password, password2=password)

    assert answer.status_code == 200
    assert answer.context["form"].errors["password1"]
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "password", ["a fox and" + "🦊" * 20, "Kolja und die 7 Zwerge", "w" * 13 + " q" * 60]
)
def test_long_passwords_of_any_letters_are_taken(browser, password):
    answer = sign_up(browser, password1=password, password2=password)

    assert answer.status_code == 302
    assert User.objects.get().check_password(password)


@pytest.mark.parametrize("field", ["email", "base_currency", "time_zone", "locale"])
def test_junk_in_a_field_is_a_form_error(browser, field):
    for text in JUNK:
        answer = sign_up(browser, **{field: text})

        assert answer.status_code == 200, repr(text)
        assert answer.context["form"].errors[field], repr(text)
    assert not User.objects.exists()


def test_junk_passwords_never_break_the_form(db):
    for number, text in enumerate([*JUNK, "  ", "🦊" * 12]):
        answer = sign_up(Client(), email=f"{number}@example.test", password1=text, password2=text)

        assert answer.status_code in {200, 302}, repr(text)


@pytest.mark.django_db(transaction=True)
def test_of_two_sign_ups_at_once_with_one_address_one_wins(settings):
    # A hash of some cost keeps both between looking and writing at the same time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    start = Barrier(4)
    answers = []

    def run():
        client = Client(raise_request_exception=False)
        start.wait()
        answers.append(sign_up(client))

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert User.objects.count() == 1
    assert EmailAddress.objects.count() == 1
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 302]
    assert all(
        "email" in answer.context["form"].errors for answer in answers if answer.status_code == 200
    )


def test_with_mandatory_verification_a_taken_address_is_not_given_away(browser, ada, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    EmailAddress.objects.create(user=ada, email=ada.email, primary=True, verified=True)

    fresh = sign_up(Client(), email="new@example.test")
    taken = sign_up(browser, email=ada.email)

    assert (fresh.status_code, fresh["Location"]) == (taken.status_code, taken["Location"])
    assert {message.to[0] for message in mail.outbox} == {"new@example.test", ada.email}
    assert User.objects.count() == 2


def test_what_a_browser_sends_unasked_are_the_defaults(browser):
    form = browser.get(reverse("account_signup")).context["form"]

    sent = {name: form[name].value() for name in ("base_currency", "time_zone", "locale")}

    assert sent == {"base_currency": "EUR", "time_zone": "UTC", "locale": "en-US"}
