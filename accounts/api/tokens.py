"""JSON web tokens: obtained with a password, refreshed, verified."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.tokens import RefreshToken, Token, UntypedToken

from accounts.lockout import lockout_problem, seconds_left, sign_in_by_password
from common import clock
from common.api.authentication import JWTAuthentication
from common.api.bodies import Body
from common.api.problems import problem_response
from common.clients import client_address

SomeToken = TypeVar("SomeToken", bound=Token)


class TokenInput(Body):
    """An address and its password."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1_024, trim_whitespace=False)


class TokenOutput(serializers.Serializer[Any]):
    """A pair of tokens: the access token is sent with each request, the other renews it."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class RefreshInput(Body):
    """A refresh token."""

    refresh = serializers.CharField(max_length=4_096)


class RefreshOutput(serializers.Serializer[Any]):
    """A new access token."""

    access = serializers.CharField()


class VerifyInput(Body):
    """A token of either kind."""

    token = serializers.CharField(max_length=4_096)


class VerifyOutput(serializers.Serializer[Any]):
    """Nothing but the fact that the token is good."""


class TokenView(APIView):
    """What all three have in common: nobody is signed in yet, and guessing is slowed down."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "tokens"

    def get_authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a refusal is 401 and not 403."""
        return JWTAuthentication().authenticate_header(request)


class Tokens(TokenView):
    """/auth/token/: sign in."""

    @extend_schema(request=TokenInput, responses=TokenOutput, operation_id="token_obtain")
    def post(self, request: Request) -> HttpResponseBase:
        """Sign in with an e-mail address and a password."""
        body = TokenInput(data=request.data)
        body.is_valid(raise_exception=True)
        user = sign_in_by_password(request, **body.validated_data)
        if getattr(request, "axes_locked_out", False):
            left = seconds_left(
                body.validated_data["email"].strip().lower(),
                client_address(request),
                now=clock.now(),
            )
            return problem_response(lockout_problem(left))
        if user is None:
            raise AuthenticationFailed("The address and the password don't match an account.")
        refresh = RefreshToken.for_user(user)
        return Response({"access": str(refresh.access_token), "refresh": str(refresh)})


class TokenRefreshes(TokenView):
    """/auth/token/refresh/: stay signed in."""

    @extend_schema(request=RefreshInput, responses=RefreshOutput, operation_id="token_refresh")
    def post(self, request: Request) -> Response:
        """Get a new access token."""
        body = RefreshInput(data=request.data)
        body.is_valid(raise_exception=True)
        refresh = _trusted(RefreshToken, body.validated_data["refresh"])
        return Response({"access": str(refresh.access_token)})


class TokenVerifications(TokenView):
    """/auth/token/verify/: check a token."""

    @extend_schema(request=VerifyInput, responses=VerifyOutput, operation_id="token_verify")
    def post(self, request: Request) -> Response:
        """Ask whether a token is good: signed here, not expired, its owner still let in."""
        body = VerifyInput(data=request.data)
        body.is_valid(raise_exception=True)
        _trusted(UntypedToken, body.validated_data["token"])
        return Response({})


def _trusted(kind: type[SomeToken], text: str) -> SomeToken:
    try:
        # The stubs want a token here; it is made from the text of one.
        token = kind(cast(Any, text))
    except TokenError as failure:
        raise InvalidToken("The token is not valid, or has expired.") from failure
    # A token outlives a deactivation or a new password only on paper.
    JWTAuthentication().get_user(token)
    return token
