"""What pages need beside numbers: addresses of built files, the theme, shapes of drawings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django import template
from django.conf import settings
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common import theme as themes
from common.manual import anchor_of

register = template.Library()

#: The drawing's own units; the page stretches them to its width.
_WIDTH, _HEIGHT = 1_000, 250
_MARGIN = 16
_MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class Shape:
    """A line of values as points of an SVG, and what is said of it in words."""

    points: str
    first: Mapping[str, str]
    last: Mapping[str, str]
    lowest: Decimal
    highest: Decimal


@register.simple_tag
def asset(path: str) -> str:
    """Return the address of a built file; its plain one where the manifest lacks it.

    An error page must not fail because the files were not collected.
    """
    try:
        return static(f"app/{path}")
    except ValueError:
        return f"{settings.STATIC_URL}app/{path}"


@register.simple_tag
def method(heading: str, label: str = "") -> SafeString:
    """Write the label of a figure as a link to how it is computed.

    Args:
        heading: of that part of `docs/methods.md`.
        label: what is written, if it isn't the heading.
    """
    return format_html(
        '<a class="method" href="{}#{}">{}</a>',
        reverse("methods"),
        anchor_of(heading),
        label or heading,
    )


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return `light`, `dark` or `system`, as chosen in this browser."""
    request = getattr(context, "request", None) or context.get("request")
    return themes.chosen(request) if request is not None else themes.SYSTEM


@register.simple_tag
def live_attributes() -> SafeString:
    """Return what the live half of a page goes by: how old a price may be, in seconds."""
    return format_html('data-stale-after="{}"', settings.FEED_STALE_SECONDS)


@register.simple_tag
def shape_of(values: Sequence[Mapping[str, str]]) -> Shape | None:
    """Lay values over time out as a line; None when there are too few for one.

    Args:
        values: `date` or `at`, and `value`, as texts, oldest first.
    """
    if len(values) < 2:
        return None
    figures = [Decimal(each["value"]) for each in values]
    lowest, highest = min(figures), max(figures)
    step = max(1, len(figures) // _MOST_POINTS)
    drawn = [*range(0, len(figures) - 1, step), len(figures) - 1]
    low, span = float(lowest), float(highest - lowest) or 1.0
    usable = _HEIGHT - 2 * _MARGIN
    points = " ".join(
        f"{place / (len(figures) - 1) * _WIDTH:.1f},"
        f"{_HEIGHT - _MARGIN - (float(figures[place]) - low) / span * usable:.1f}"
        for place in drawn
    )
    return Shape(points, values[0], values[-1], lowest, highest)


@register.simple_tag
def bar(share: Decimal | None) -> str:
    """Return the width of a bar that stands for a share of the whole."""
    return f"{max(0.0, min(1.0, float(share or 0))) * 100:.2f}%"


@register.filter
def words(name: str) -> str:
    """Write the name of a field the way people do: `trade_date` is “Trade date”."""
    return name.removesuffix("_id").replace("_", " ").capitalize()
