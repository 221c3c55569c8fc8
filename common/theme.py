"""Light, dark or as the system says: a choice of the browser, kept in a cookie."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

SYSTEM = "system"
THEMES = (SYSTEM, "light", "dark")
COOKIE = "theme"
_COOKIE_SECONDS = 365 * 24 * 3_600


def chosen(request: HttpRequest) -> str:
    """Return the theme that the browser asks for."""
    name = request.COOKIES.get(COOKIE, SYSTEM)
    return name if name in THEMES else SYSTEM


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember the theme, and go back to the page it was chosen on."""
    name = request.POST.get("theme", SYSTEM)
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = HttpResponseRedirect(back if safe else reverse("home"))
    response.set_cookie(
        COOKIE,
        name if name in THEMES else SYSTEM,
        max_age=_COOKIE_SECONDS,
        samesite="Lax",
        secure=request.is_secure(),
        httponly=True,
    )
    return response
