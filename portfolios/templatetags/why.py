"""Links from figures to what they are made of."""

from __future__ import annotations

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from portfolios.domain.explaining.trees import Ask

register = template.Library()


@register.simple_tag(takes_context=True)
def more_of(context: Context, ask: Ask) -> str:
    """Return where a number of a tree is explained itself; `kept` is what the address said."""
    named = {"start": ask.start, "end": ask.end, "instrument": ask.instrument}
    query = urlencode({name: f"{value}" for name, value in named.items() if value})
    address = reverse("why", args=[ask.portfolio or context["portfolio"]["id"], ask.figure])
    parameters = "&".join(each for each in (query, context.get("kept", "")) if each)
    return f"{address}?{parameters}" if parameters else address


@register.simple_block_tag(takes_context=True)
def why(
    context: Context, content: SafeString, figure: str, query: str = "", **more: str
) -> SafeString:
    """Turn what stands inside into a link to what a figure is made of, shown beside it.

    Args:
        figure: its name, as in `Why`.
        query: what the address says beside that, such as the days.
        more: single parameters of it.
    """
    parameters = "&".join(each for each in (query, urlencode(more)) if each)
    return _link(reverse("why", args=[context["portfolio"]["id"], figure]), parameters, content)


@register.simple_block_tag
def why_all(content: SafeString, currency: str) -> SafeString:
    """Turn what stands inside into a link to what all portfolios of a currency are worth."""
    return _link(reverse("overview-why"), urlencode({"currency": currency}), content)


def _link(address: str, parameters: str, content: SafeString) -> SafeString:
    return format_html(
        '<a class="why-link" href="{}" hx-boost="true" hx-target="#why-content" '
        'hx-swap="innerHTML show:none" hx-push-url="false">{}</a>',
        f"{address}?{parameters}" if parameters else address,
        # What stands inside is a part of the template, escaped already.
        SafeString(content.strip()),
    )
