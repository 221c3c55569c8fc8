"""Every address: pages, the API, the admin; `config.health` answers probes before these."""

from allauth.account.views import logout
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from common import manual, theme
from common.ids import register

register()

handler400 = "common.pages.bad_request"
handler403 = "common.pages.permission_denied"
handler404 = "common.pages.page_not_found"
handler429 = "common.pages.too_many_requests"
handler500 = "common.pages.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="overview"), name="home"),
    path("theme/", theme.choose, name="theme"),
    *(path(f"{name}/", manual.ManualPage.as_view(name=name), name=name) for name in manual.NAMES),
    path("accounts/", include("accounts.urls")),
    # One way out for everybody, which also ends the live connections.
    path("admin/logout/", logout),
    path("admin/", admin.site.urls),
    path("", include("portfolios.urls")),
    path("", include("brokers.urls")),
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/", include("marketdata.api.urls")),
    path("api/v1/", include("portfolios.api.urls")),
    path("api/v1/", include("brokers.api.urls")),
    path("api/v1/", include("realtime.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
]
