"""Word by e-mail that a broker wants its owner to log in again."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string


def send_log_in(to: str, *, account: str, broker: str, path: str) -> None:
    """Ask somebody to log in.

    Args:
        account: its name, as the ledger has it.
        broker: its name, as people know it.
        path: of the page of the connection.

    Raises:
        OSError: the mail server can't be reached or refuses; `SMTPException` is one of them.
    """
    address = f"{settings.SITE_URL}{path}" if settings.SITE_URL else ""
    content = {"account": account, "broker": broker, "address": address}
    body = render_to_string("brokers/email/log_in.txt", content)
    EmailMessage(subject=f"Livefolio: log in at {broker} again", body=body, to=[to]).send()
