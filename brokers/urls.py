"""The pages of imports, and of prices that are pasted."""

from django.urls import path

from brokers import views

_RUN = "portfolios/<object_id:portfolio_id>/imports/<object_id:run_id>/"

urlpatterns = [
    path(
        "instruments/<object_id:instrument_id>/prices/paste/",
        views.PastePrices.as_view(),
        name="prices-paste",
    ),
    path("portfolios/<object_id:portfolio_id>/imports/", views.Imports.as_view(), name="imports"),
    path(_RUN, views.ImportPage.as_view(), name="import"),
    path(f"{_RUN}commit/", views.CommitImport.as_view(), name="import-commit"),
    path(f"{_RUN}undo/", views.UndoImport.as_view(), name="import-undo"),
    path(f"{_RUN}discard/", views.DiscardImport.as_view(), name="import-discard"),
]
