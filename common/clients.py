"""Who is at the other end of a request, believing only the proxies that were configured."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def client_address(request: HttpRequest | Request) -> str:
    """Return the address of the client, or "" where there is none.

    Each trusted proxy appends the address it was called from to `X-Forwarded-For`; what stands
    further to the left was written by the client itself, and is not believed.
    """
    direct: str = request.META.get("REMOTE_ADDR") or ""
    proxies = int(str(settings.REST_FRAMEWORK["NUM_PROXIES"]))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if not proxies or not forwarded:
        return direct
    hops = forwarded.split(",")
    claimed = hops[-min(proxies, len(hops))].strip()
    try:
        return str(ip_address(claimed))
    except ValueError:
        return direct
