"""Sign-up, sign-in, sign-out, passwords, preferences."""

from django.urls import include, path

from accounts import views

urlpatterns = [
    path("signup/", views.SignUp.as_view(), name="account_signup"),
    path("preferences/", views.Preferences.as_view(), name="preferences"),
    path("", include("allauth.account.urls")),
]
