"""The pages of accounts that allauth doesn't bring, or brings with a gap."""

from __future__ import annotations

from allauth.account.views import SignupView
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from accounts import services
from accounts.forms import PreferencesForm, SignUpForm
from accounts.http import AuthedHttpRequest


class SignUp(SignupView):
    """/accounts/signup/: become a user."""

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        """Sign up; of two people who take one address in the same instant, the second is told."""
        try:
            answer: HttpResponse = super().form_valid(form)
        except IntegrityError:
            # The form looked before the other one wrote; looking again finds the address taken.
            again = SignUpForm(**self.get_form_kwargs())
            if not again.is_valid():
                refusal: HttpResponse = self.form_invalid(again)
                return refusal
            if not again.account_already_exists:
                raise
            answer = super().form_valid(again)
        return answer


class Preferences(LoginRequiredMixin, View):
    """/accounts/preferences/: how money and time are shown."""

    request: AuthedHttpRequest

    def get(self, request: AuthedHttpRequest) -> HttpResponse:
        """Show the form."""
        names = PreferencesForm.base_fields
        return self._page(
            PreferencesForm(initial={name: getattr(request.user, name) for name in names})
        )

    def post(self, request: AuthedHttpRequest) -> HttpResponse:
        """Store the choices."""
        form = PreferencesForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=422)
        services.change_preferences(request.user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("preferences")

    def _page(self, form: PreferencesForm, *, status: int = 200) -> HttpResponse:
        return render(self.request, "accounts/preferences.html", {"form": form}, status=status)
