"""Below /api/v1/: tickets for the live stream."""

from django.urls import path

from realtime.views import StreamTickets

urlpatterns = [
    path("stream-tickets/", StreamTickets.as_view(), name="api-stream-tickets"),
]
