"""JSON web tokens: whom they let in, and for how long."""

import json
from datetime import timedelta

import jwt
import pytest
from django.urls import reverse
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

PASSWORD = "correct horse battery staple"


def obtain(program, email="ada@example.test", password=PASSWORD):
    return program.post(reverse("api-token"), {"email": email, "password": password}, "json")


def refresh(program, token):
    return program.post(reverse("api-token-refresh"), {"refresh": str(token)}, "json")


def verify(program, token):
    return program.post(reverse("api-token-verify"), {"token": str(token)}, "json")


def who(program, token):
    return program.get(reverse("api-me"), HTTP_AUTHORIZATION=f"Bearer {token}")


def claims(user, settings, **changes):
    """Everything that an access token of ours says."""
    good = {
        "token_type": "access",
        "exp": 4_000_000_000,
        "iat": 1_700_000_000,
        "jti": "0" * 32,
        "user_id": str(user.pk),
        "iss": settings.SIMPLE_JWT["ISSUER"],
        "aud": settings.SIMPLE_JWT["AUDIENCE"],
        "hash_password": get_md5_hash_password(user.password),
    }
    return good | changes


def sign(content, settings, algorithm="HS256"):
    return jwt.encode(content, settings.SIMPLE_JWT["SIGNING_KEY"], algorithm=algorithm)


def test_a_password_buys_tokens_that_let_in(program, ada):
    pair = obtain(program, email="ADA@example.test").json()

    assert who(program, pair["access"]).json()["email"] == ada.email
    assert verify(program, pair["access"]).status_code == 200
    assert who(program, refresh(program, pair["refresh"]).json()["access"]).status_code == 200
    assert AccessToken(pair["access"])["user_id"] == str(ada.pk)


@pytest.mark.parametrize(
    ("email", "password"), [("ada@example.test", "wrong"), ("nobody@example.test", PASSWORD)]
)
def test_bad_credentials_are_answered_alike(program, ada, email, password):
    answer = obtain(program, email, password)

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["detail"] == "The address and the password don't match an account."


def test_junk_credentials_are_invalid_fields(program, ada):
    for body in [
        {},
        {"email": "++", "password": "x"},
        {"email": {"$ne": None}, "password": "x"},
        {"email": "ada@example.test", "password": {"$ne": None}},
        {"email": "ada@example.test", "password": "a\x00b"},
        {"email": "ada@example.test", "password": "x" * 10_000},
        {"email": "x" * 10_000 + "@example.test", "password": "x"},
        {"email": "ada@example.test", "password": "\ud800"},
    ]:
        # Written here, because half of a letter passes no stricter encoder.
        answer = program.generic(
            "POST", reverse("api-token"), json.dumps(body), content_type="application/json"
        )

        assert answer.status_code == 422, body
        assert answer.json()["errors"], body


def test_asking_too_often_is_refused_with_a_waiting_time(program, ada):
    answers = [obtain(program, email=f"{number}@example.test") for number in range(11)]

    assert answers[9].status_code == 401
    assert answers[10].status_code == 429
    assert answers[10].json()["type"] == "/problems/too-many-requests"
    assert 1 <= int(answers[10]["Retry-After"]) <= 61


def test_a_well_made_token_is_taken(program, ada, settings):
    """What the forged ones below differ from."""
    assert who(program, sign(claims(ada, settings), settings)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"exp": 1_700_000_001},
        {"iss": "somebody else"},
        {"aud": "another-api"},
        {"token_type": "refresh"},
        {"user_id": "no id"},
        {"user_id": 7},
        {"user_id": {"$ne": None}},
        {"user_id": None},
        {"user_id": "6b04c56f1866d419050eb252"},
        {"hash_password": "0" * 32},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(program, ada, settings, change):
    token = sign(claims(ada, settings, **change), settings)

    assert who(program, token).status_code == 401
    if "token_type" not in change:
        assert verify(program, token).status_code == 401


@pytest.mark.parametrize("missing", ["user_id", "exp", "iss", "aud", "hash_password", "token_type"])
def test_a_token_without_a_claim_is_refused(program, ada, settings, missing):
    content = claims(ada, settings)
    del content[missing]

    assert who(program, sign(content, settings)).status_code == 401


def test_a_token_that_nobody_signed_is_refused(program, ada, settings):
    content = claims(ada, settings)
    unsigned = jwt.encode(content, None, algorithm="none")
    otherwise = jwt.encode(content, "another key of the right length, at least", algorithm="HS256")
    other_way = sign(content, settings, algorithm="HS512")

    for token in [unsigned, otherwise, other_way, "a.b.c", "🦊", "x" * 8_000]:
        header = f"Bearer {token}".encode().decode("latin-1")
        assert program.get(reverse("api-me"), HTTP_AUTHORIZATION=header).status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer  "])
def test_a_malformed_header_lets_nobody_in(program, ada, header):
    assert program.get(reverse("api-me"), HTTP_AUTHORIZATION=header).status_code == 401


def test_tokens_of_one_kind_do_not_serve_as_the_other(program, ada):
    token = RefreshToken.for_user(ada)

    assert who(program, token).status_code == 401
    assert refresh(program, token.access_token).status_code == 401


def test_an_expired_refresh_token_is_refused(program, ada):
    token = RefreshToken.for_user(ada)
    token.set_exp(lifetime=-timedelta(minutes=1))

    assert refresh(program, token).status_code == 401


def deactivate(user):
    user.is_active = False
    user.save()


def change_password(user):
    user.set_password("a much better passphrase")
    user.save()


def delete(user):
    user.delete()


@pytest.mark.parametrize("end", [deactivate, change_password, delete])
def test_tokens_end_with_what_they_were_bought_with(program, ada, end):
    token = RefreshToken.for_user(ada)

    end(ada)

    assert who(program, token.access_token).status_code == 401
    assert refresh(program, token).status_code == 401
    assert verify(program, token.access_token).status_code == 401


def test_a_deactivated_user_gets_no_token(program, make_user):
    make_user(is_active=False)

    assert obtain(program).status_code == 401
