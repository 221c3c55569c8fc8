"""What the frame of every page needs: addresses of built files, and the chosen theme."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.template.context import Context
from django.templatetags.static import static

from common import theme as themes

register = template.Library()


@register.simple_tag
def asset(path: str) -> str:
    """Return the address of a built file; its plain one where the manifest lacks it.

    An error page must not fail because the files were not collected.
    """
    try:
        return static(f"app/{path}")
    except ValueError:
        return f"{settings.STATIC_URL}app/{path}"


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return `light`, `dark` or `system`, as chosen in this browser."""
    request = getattr(context, "request", None) or context.get("request")
    return themes.chosen(request) if request is not None else themes.SYSTEM
