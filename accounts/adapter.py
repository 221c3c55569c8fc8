"""Where allauth asks what this project wants."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmationHMAC
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.forms import BaseForm
from django.http import HttpRequest
from django.urls import reverse

from accounts import events
from common.clients import client_address
from common.errors import Unavailable

log = structlog.get_logger(__name__)

# These letters are the whole point of the request that sends them.
_AWAITED = ("password_reset_key", "unknown_account")


class MailUnavailable(Unavailable):
    """The e-mail could not be sent."""

    code = "mail-unavailable"


class Confirmation(EmailConfirmationHMAC):
    """The confirmation of an address, with a key that JSON can write: an ObjectId it can't."""

    @property
    def key(self) -> str:
        """Return what the link carries."""
        return signing.dumps(str(self.email_address.pk), salt=app_settings.SALT)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up with preferences, one idea of who the client is, and news about sign-outs."""

    def save_user(
        self,
        request: HttpRequest,
        user: AbstractBaseUser,
        form: BaseForm,
        commit: bool = True,  # noqa: FBT001, FBT002 - allauth's signature
    ) -> AbstractBaseUser:
        """Store a new user together with the preferences of the form."""
        for name in ("base_currency", "time_zone", "locale"):
            if chosen := form.cleaned_data.get(name):
                setattr(user, name, chosen)
        return super().save_user(request, user, form, commit=commit)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Count attempts by the same address as every other limit does."""
        return client_address(request) or "unknown"

    def logout(self, request: HttpRequest) -> None:
        """End the session, then tell who listens: their sockets must find it ended."""
        user_id = str(request.user.pk)
        super().logout(request)
        events.signed_out.send_robust(sender=None, user_id=user_id)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Go back to the preferences after a change of password."""
        return reverse("preferences")

    def send_confirmation_mail(
        self,
        request: HttpRequest,
        emailconfirmation: EmailConfirmationHMAC,
        signup: bool,  # noqa: FBT001 - allauth's signature
    ) -> None:
        """Send the link that confirms an address."""
        confirmation = Confirmation(emailconfirmation.email_address)
        super().send_confirmation_mail(request, confirmation, signup)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a letter; one that nobody waits for may be lost without failing the request.

        Raises:
            MailUnavailable: the mail server didn't take a letter that the person waits for.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as failure:
            log.exception("mail.failed", template=template_prefix)
            mandatory = settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory"
            if mandatory or template_prefix.endswith(_AWAITED):
                raise MailUnavailable from failure
