"""Signing in and out, and what stops somebody who guesses."""

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts import events

PASSWORD = "correct horse battery staple"
WRONG = "wrong horse battery staple"


def sign_in(client, email="ada@example.test", password=PASSWORD, **extra):
    form = {"login": email, "password": password}
    return client.post(reverse("account_login"), form, **extra)


def sign_in_to_admin(client, email="ada@example.test", password=PASSWORD, **extra):
    form = {"username": email, "password": password, "next": "/admin/"}
    return client.post(reverse("admin:login"), form, **extra)


def obtain_token(client, email="ada@example.test", password=PASSWORD, **extra):
    form = {"email": email, "password": password}
    return APIClient().post(reverse("api-token"), form, format="json", **extra)


DOORS = [sign_in, sign_in_to_admin, obtain_token]


@pytest.fixture
def signed_out():
    """Collect whose sessions were announced to have ended."""
    heard = []

    def listen(sender, user_id, **_more):
        heard.append(user_id)

    events.signed_out.connect(listen)
    yield heard
    events.signed_out.disconnect(listen)


@pytest.mark.parametrize("email", ["ada@example.test", "ADA@Example.TEST", " ada@example.test "])
def test_an_address_signs_in_in_any_spelling(browser, ada, email):
    answer = sign_in(browser, email=email)

    assert answer.status_code == 302
    assert answer["Location"] == reverse("overview")
    assert browser.session["_auth_user_id"] == str(ada.pk)


def test_the_session_gets_another_key_at_sign_in(browser, ada):
    browser.session.save()
    before = browser.cookies["livefolio-session"].value

    sign_in(browser)

    assert browser.cookies["livefolio-session"].value != before


def test_an_address_of_another_site_is_not_gone_to(browser, ada):
    answer = browser.post(
        f"{reverse('account_login')}?next=https://evil.example/",
        {"login": ada.email, "password": PASSWORD},
    )

    assert answer["Location"] == reverse("overview")


def test_unknown_address_and_wrong_password_are_answered_alike(browser, ada):
    unknown = sign_in(browser, email="nobody@example.test", password=WRONG)
    wrong = sign_in(browser, password=WRONG)

    assert unknown.status_code == wrong.status_code == 200
    assert unknown.context["form"].errors == wrong.context["form"].errors


def test_junk_is_a_form_error(browser, ada):
    for text in ["++", ".*", "x" * 10_000, "a\x00b", "🦊", "{'$ne': None}"]:
        for form in [{"email": text}, {"password": text}]:
            answer = sign_in(browser, **form)

            assert answer.status_code == 200, form
            assert answer.context["form"].errors, form
            AccessAttempt.objects.all().delete()


def test_a_deactivated_user_does_not_get_in(browser, make_user):
    make_user(is_active=False)

    answer = sign_in(browser)

    assert answer["Location"] == reverse("account_inactive")
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize("door", DOORS)
def test_the_fifth_failure_locks_even_the_right_password_out(browser, make_user, door):
    make_user(is_staff=True)

    statuses = [door(browser, password=WRONG).status_code for _ in range(5)]
    locked = door(browser, password=PASSWORD)

    assert statuses[-1] == locked.status_code == 429
    assert 429 not in statuses[:4]
    assert 880 <= int(locked["Retry-After"]) <= 900
    assert "_auth_user_id" not in browser.session


def test_failures_at_all_doors_count_together(browser, make_user):
    make_user(is_staff=True)
    for door in [sign_in, sign_in_to_admin, obtain_token, sign_in]:
        door(browser, password=WRONG)

    answers = [sign_in_to_admin(browser, password=WRONG), obtain_token(browser), sign_in(browser)]

    assert [answer.status_code for answer in answers] == [429, 429, 429]


def test_an_api_client_that_is_locked_out_gets_a_problem(browser, ada):
    for _ in range(5):
        answer = obtain_token(browser, password=WRONG)

    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/sign-in-locked"
    assert answer.json()["status"] == 429


def test_other_people_at_the_same_place_are_not_locked_out(browser, ada, make_user):
    make_user("bob@example.test")
    for _ in range(5):
        sign_in(browser, password=WRONG)

    assert sign_in(Client(), email="bob@example.test").status_code == 302


def test_the_same_person_at_another_place_is_not_locked_out(browser, ada):
    for _ in range(5):
        sign_in(browser, password=WRONG)

    assert sign_in(Client(), REMOTE_ADDR="192.0.2.7").status_code == 302


def test_trying_again_does_not_prolong_the_lock(browser, ada):
    for _ in range(5):
        sign_in(browser, password=WRONG)
    before = AccessAttempt.objects.get().attempt_time

    sign_in(browser, password=WRONG)

    assert AccessAttempt.objects.get().attempt_time == before


def test_a_lock_ends_by_itself(browser, ada, settings):
    for _ in range(5):
        sign_in(browser, password=WRONG)
    attempt = AccessAttempt.objects.get()
    AccessAttempt.objects.update(attempt_time=attempt.attempt_time - settings.AXES_COOLOFF_TIME)

    assert sign_in(browser).status_code == 302


@pytest.mark.parametrize("door", DOORS)
def test_success_forgets_earlier_failures(browser, make_user, door):
    make_user(is_staff=True)
    for _ in range(2):
        for _ in range(4):
            door(browser, password=WRONG)
        assert door(Client()).status_code in {200, 302}


def test_a_forged_forwarding_header_is_not_believed(browser, ada):
    for number in range(5):
        answer = sign_in(browser, password=WRONG, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")

    assert answer.status_code == 429


def test_a_trusted_proxy_says_who_is_behind_it(browser, ada, settings):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    for number in range(5):
        # The client may write what it likes to the left of what the proxy appends.
        forwarded = f"203.0.113.{number}, 192.0.2.1"
        answer = sign_in(browser, password=WRONG, HTTP_X_FORWARDED_FOR=forwarded)

    assert answer.status_code == 429
    assert sign_in(Client(), HTTP_X_FORWARDED_FOR="192.0.2.2").status_code == 302


def test_signing_out_ends_the_session_and_says_so(browser, ada, signed_out):
    sign_in(browser)
    stolen = browser.cookies["livefolio-session"].value

    browser.post(reverse("account_logout"))

    thief = Client()
    thief.cookies["livefolio-session"] = stolen
    assert "_auth_user_id" not in thief.session
    assert thief.get(reverse("preferences")).status_code == 302
    assert signed_out == [str(ada.pk)]


def test_the_session_is_dead_by_the_time_its_end_is_announced(browser, ada):
    sign_in(browser)
    key = browser.session.session_key
    alive = []

    def listen(sender, user_id, **_more):
        alive.append(browser.session.exists(key))

    events.signed_out.connect(listen)
    browser.post(reverse("account_logout"))
    events.signed_out.disconnect(listen)

    assert alive == [False]


def test_a_link_does_not_sign_out(browser, ada):
    sign_in(browser)

    browser.get(reverse("account_logout"))

    assert "_auth_user_id" in browser.session


def test_the_way_out_of_the_admin_ends_live_connections_too(browser, make_user, signed_out):
    user = make_user(is_staff=True)
    sign_in_to_admin(browser)

    browser.post(reverse("admin:logout"))

    assert "_auth_user_id" not in browser.session
    assert signed_out == [str(user.pk)]


def test_posting_without_the_csrf_token_is_refused(ada):
    answer = sign_in(Client(enforce_csrf_checks=True))

    assert answer.status_code == 403


def test_deactivation_and_deletion_are_announced_and_other_changes_are_not(ada, signed_out):
    ada.locale = "de-DE"
    ada.save()
    assert signed_out == []

    ada.is_active = False
    ada.save()
    ada.delete()

    assert len(signed_out) == 2
