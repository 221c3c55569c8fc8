"""The API of instruments and prices."""

from django.urls import path

from marketdata.api import views

urlpatterns = [
    path("instruments/", views.Instruments.as_view(), name="api-instruments"),
    path("instruments/search/", views.InstrumentSearch.as_view(), name="api-instrument-search"),
    path("instruments/found/", views.FoundInstruments.as_view(), name="api-instruments-found"),
    path(
        "instruments/<object_id:instrument_id>/",
        views.InstrumentDetail.as_view(),
        name="api-instrument",
    ),
    path(
        "instruments/<object_id:instrument_id>/weights/",
        views.Weights.as_view(),
        name="api-weights",
    ),
    path(
        "instruments/<object_id:instrument_id>/actions/",
        views.Actions.as_view(),
        name="api-actions",
    ),
    path("instruments/<object_id:instrument_id>/merge/", views.Merge.as_view(), name="api-merge"),
    path(
        "instruments/<object_id:instrument_id>/aliases/",
        views.Aliases.as_view(),
        name="api-aliases",
    ),
    path("instruments/<object_id:instrument_id>/bars/", views.Bars.as_view(), name="api-bars"),
    path(
        "instruments/<object_id:instrument_id>/bars/intraday/",
        views.IntradayBars.as_view(),
        name="api-intraday-bars",
    ),
    path(
        "instruments/<object_id:instrument_id>/prices/", views.Prices.as_view(), name="api-prices"
    ),
    path(
        "instruments/<object_id:instrument_id>/prices/<day:day>/",
        views.PriceDetail.as_view(),
        name="api-price",
    ),
    path("quotes/", views.Quotes.as_view(), name="api-quotes"),
]
