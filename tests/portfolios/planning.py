"""Asking the API for plans: addresses, and targets of two instruments."""

from django.urls import reverse


def at(name, portfolio, query=""):
    return reverse(f"api-{name}", args=[portfolio.pk]) + query


def put(api, name, portfolio, content):
    return api.put(at(name, portfolio), content, format="json")


def aims(acme, bond, first="0.5", second="0.5", **more):
    return {
        "by": "holding",
        "targets": [
            {"key": str(acme.pk), "weight": first},
            {"key": str(bond.pk), "weight": second},
        ],
    } | more
