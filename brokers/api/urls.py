"""The API of imports, exports and connections to brokers."""

from django.urls import path

from brokers.api import connections, discrepancies, equity, missed_days, resyncs, views

_ONE = "portfolios/<object_id:portfolio_id>/"
_RUN = f"{_ONE}imports/<object_id:run_id>/"
_CONNECTION = f"{_ONE}connections/<object_id:connection_id>/"
_DISCREPANCY = f"{_CONNECTION}discrepancies/<object_id:discrepancy_id>/"
_RESYNC = f"{_CONNECTION}resyncs/<object_id:resync_id>/"

urlpatterns = [
    path(f"{_ONE}imports/", views.Imports.as_view(), name="api-imports"),
    path(_RUN, views.ImportDetail.as_view(), name="api-import"),
    path(f"{_RUN}rows/", views.ImportRows.as_view(), name="api-import-rows"),
    path(f"{_RUN}commits/", views.Commits.as_view(), name="api-import-commits"),
    path(f"{_RUN}undos/", views.Undos.as_view(), name="api-import-undos"),
    path(f"{_ONE}export/", views.Export.as_view(), name="api-export"),
    path("brokers/", connections.Brokers.as_view(), name="api-brokers"),
    path(f"{_ONE}connections/", connections.Connections.as_view(), name="api-connections"),
    path(_CONNECTION, connections.ConnectionDetail.as_view(), name="api-connection"),
    path(f"{_CONNECTION}checks/", connections.Checks.as_view(), name="api-connection-checks"),
    path(
        f"{_CONNECTION}credentials/",
        connections.Credentials.as_view(),
        name="api-connection-credentials",
    ),
    path(f"{_CONNECTION}syncs/", connections.Syncs.as_view(), name="api-syncs"),
    path(
        f"{_CONNECTION}syncs/<object_id:sync_id>/",
        connections.SyncDetail.as_view(),
        name="api-sync",
    ),
    path(
        f"{_CONNECTION}discrepancies/",
        discrepancies.Discrepancies.as_view(),
        name="api-discrepancies",
    ),
    path(_DISCREPANCY, discrepancies.DiscrepancyDetail.as_view(), name="api-discrepancy"),
    path(
        f"{_DISCREPANCY}acceptances/",
        discrepancies.Acceptances.as_view(),
        name="api-discrepancy-acceptances",
    ),
    path(f"{_CONNECTION}equity/", equity.Equity.as_view(), name="api-equity"),
    path(f"{_CONNECTION}missed-days/", missed_days.MissedDays.as_view(), name="api-missed-days"),
    path(
        f"{_CONNECTION}missed-days/<object_id:missed_day_id>/",
        missed_days.MissedDayDetail.as_view(),
        name="api-missed-day",
    ),
    path(f"{_CONNECTION}resyncs/", resyncs.Resyncs.as_view(), name="api-resyncs"),
    path(_RESYNC, resyncs.ResyncDetail.as_view(), name="api-resync"),
    path(f"{_RESYNC}switches/", resyncs.Switches.as_view(), name="api-resync-switches"),
    path(f"{_RESYNC}undos/", resyncs.SwitchUndos.as_view(), name="api-resync-undos"),
    path(f"{_CONNECTION}unbooked/", connections.Unbooked.as_view(), name="api-unbooked"),
]
