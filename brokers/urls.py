"""The pages of imports, of connections to brokers, and of prices that are pasted."""

from django.urls import path

from brokers.views import connections, discrepancies, imports, logins, resyncs

_ONE = "portfolios/<object_id:portfolio_id>/"
_RUN = f"{_ONE}imports/<object_id:run_id>/"
_CONNECTION = f"{_ONE}connections/<object_id:connection_id>/"

urlpatterns = [
    path(
        "instruments/<object_id:instrument_id>/prices/paste/",
        imports.PastePrices.as_view(),
        name="prices-paste",
    ),
    path(f"{_ONE}imports/", imports.Imports.as_view(), name="imports"),
    path(_RUN, imports.ImportPage.as_view(), name="import"),
    path(f"{_RUN}commit/", imports.CommitImport.as_view(), name="import-commit"),
    path(f"{_RUN}undo/", imports.UndoImport.as_view(), name="import-undo"),
    path(f"{_RUN}discard/", imports.DiscardImport.as_view(), name="import-discard"),
    path(f"{_ONE}connections/", connections.Connections.as_view(), name="connections"),
    path(_CONNECTION, connections.ConnectionPage.as_view(), name="connection"),
    path(f"{_CONNECTION}login/", logins.LogIn.as_view(), name="connection-login"),
    path("brokers/<slug:broker>/callback/", logins.LoggedIn.as_view(), name="broker-callback"),
    path(f"{_CONNECTION}sync/", connections.SyncNow.as_view(), name="connection-sync"),
    path(f"{_CONNECTION}test/", connections.TestConnection.as_view(), name="connection-test"),
    path(f"{_CONNECTION}pause/", connections.Pause.as_view(), name="connection-pause"),
    path(f"{_CONNECTION}resume/", connections.Resume.as_view(), name="connection-resume"),
    path(f"{_CONNECTION}key/", connections.ReplaceKey.as_view(), name="connection-key"),
    path(f"{_CONNECTION}differences/", discrepancies.Differences.as_view(), name="differences"),
    path(
        f"{_CONNECTION}differences/<object_id:discrepancy_id>/",
        discrepancies.Decide.as_view(),
        name="difference",
    ),
    path(f"{_CONNECTION}resync/", resyncs.ResyncPage.as_view(), name="resync"),
    path(
        f"{_CONNECTION}resync/<object_id:resync_id>/",
        resyncs.DecideResync.as_view(),
        name="resync-decide",
    ),
    path(f"{_CONNECTION}missed-days/", connections.MissedDays.as_view(), name="missed-days"),
    path(f"{_CONNECTION}disconnect/", connections.Disconnect.as_view(), name="connection-end"),
]
