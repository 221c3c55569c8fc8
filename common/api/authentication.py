"""Who a JSON web token speaks for."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token


class JWTAuthentication(authentication.JWTAuthentication):
    """Accept `Authorization: Bearer <access token>`."""

    def get_user(self, validated_token: Token) -> Any:
        """Return the owner of a token, as long as they may sign in with the same password.

        A signed token whose user id is no key of ours would make the look-up itself fail.
        """
        user_id = validated_token.get(api_settings.USER_ID_CLAIM)
        if not isinstance(user_id, str) or not ObjectId.is_valid(user_id):
            raise AuthenticationFailed("The token names no user.", code="user_not_found")
        return super().get_user(validated_token)
