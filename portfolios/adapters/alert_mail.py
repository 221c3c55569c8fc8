"""Alerts as e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string


def send_alert(to: str, *, firing_key: str, content: Mapping[str, str]) -> None:
    """Send what an alert says.

    The message has the same identity each time, so that a mail that had to be sent again, because
    nobody lived to note the first, can be recognized as the same one.

    Args:
        content: `title`, `detail` and `note`.

    Raises:
        OSError: the mail server can't be reached or refuses; `SMTPException` is one of them.
    """
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "localhost"
    body = render_to_string("portfolios/email/alert.txt", {**content, "site": settings.SITE_URL})
    EmailMessage(
        subject=f"Livefolio: {' '.join(content['title'].split())}",
        body=body,
        to=[to],
        headers={"Message-ID": f"<alert.{firing_key}@{domain}>"},
    ).send()
