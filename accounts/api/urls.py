"""Below /api/v1/: tokens, and the person behind the request."""

from django.urls import path

from accounts.api import me, tokens

urlpatterns = [
    path("auth/token/", tokens.Tokens.as_view(), name="api-token"),
    path("auth/token/refresh/", tokens.TokenRefreshes.as_view(), name="api-token-refresh"),
    path("auth/token/verify/", tokens.TokenVerifications.as_view(), name="api-token-verify"),
    path("me/", me.Me.as_view(), name="api-me"),
]
