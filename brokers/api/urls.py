"""The API of imports and exports."""

from django.urls import path

from brokers.api import views

_ONE = "portfolios/<object_id:portfolio_id>/"
_RUN = f"{_ONE}imports/<object_id:run_id>/"

urlpatterns = [
    path(f"{_ONE}imports/", views.Imports.as_view(), name="api-imports"),
    path(_RUN, views.ImportDetail.as_view(), name="api-import"),
    path(f"{_RUN}rows/", views.ImportRows.as_view(), name="api-import-rows"),
    path(f"{_RUN}commits/", views.Commits.as_view(), name="api-import-commits"),
    path(f"{_RUN}undos/", views.Undos.as_view(), name="api-import-undos"),
    path(f"{_ONE}export/", views.Export.as_view(), name="api-export"),
]
