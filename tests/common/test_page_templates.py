"""The frame of pages: theme, built files, drawings, and failures that need nothing else."""

from decimal import Decimal

import pytest
from django.template import Context, Template, loader
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse

_FAILURES = ["400", "403", "404", "413", "429", "500", "503", "failure"]
_MANIFEST = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}


def frame(**cookies: str) -> str:
    request = RequestFactory().get("/")
    request.COOKIES.update(cookies)
    return loader.render_to_string("base.html", request=request)


@pytest.mark.parametrize(
    ("cookies", "theme"),
    [({}, "system"), ({"theme": "dark"}, "dark"), ({"theme": '"><script>'}, "system")],
)
def test_the_page_carries_the_theme_that_was_chosen(cookies, theme):
    assert f'<html lang="en" data-theme="{theme}"' in frame(**cookies)


def test_a_theme_is_kept_in_a_cookie_and_leads_back():
    answer = Client().post(reverse("theme"), {"theme": "dark", "next": "/accounts/login/?next=/x"})

    assert (answer.status_code, answer.url) == (302, "/accounts/login/?next=/x")
    assert answer.cookies["theme"].value == "dark"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_choosing_a_theme_leads_nowhere_else(elsewhere):
    answer = Client().post(reverse("theme"), {"theme": "dark", "next": elsewhere})

    assert answer.url == reverse("home")


def test_a_theme_that_does_not_exist_is_none():
    answer = Client().post(reverse("theme"), {"theme": "purple"})

    assert answer.cookies["theme"].value == "system"


def test_a_theme_is_not_chosen_by_following_a_link():
    assert Client().get(reverse("theme"), {"theme": "dark"}).status_code == 405


def test_a_theme_is_not_chosen_for_somebody_by_another_site():
    answer = Client(enforce_csrf_checks=True).post(reverse("theme"), {"theme": "dark"})

    assert answer.status_code == 403


@pytest.mark.parametrize("name", _FAILURES)
def test_a_failure_is_shown_without_a_request_or_a_database(name):
    context = {"status": 500, "title": "It broke <badly>", "detail": "Here is why."}

    page = loader.render_to_string(f"{name}.html", context)

    assert "<h1>It broke &lt;badly&gt;</h1>" in page
    assert "Here is why." in page


@override_settings(STORAGES=_MANIFEST)
def test_a_file_that_was_not_collected_has_its_plain_address():
    text = Template("{% load page %}{% asset 'not/there.css' %}").render(Context())

    assert text == "/static/app/not/there.css"


def shape(*figures: str) -> str:
    values = [{"date": f"2026-03-0{day}", "value": each} for day, each in enumerate(figures, 1)]
    source = (
        "{% load page %}{% shape_of values as s %}"
        "{{ s.points }}|{{ s.lowest }}|{{ s.highest }}|{{ s.first.date }}|{{ s.last.date }}"
    )
    return Template(source).render(Context({"values": values}))


def test_values_become_a_line_over_the_full_width():
    assert shape("10", "30", "20") == (
        "0.0,234.0 500.0,16.0 1000.0,125.0|10|30|2026-03-01|2026-03-03"
    )


def test_values_that_do_not_change_are_a_level_line():
    assert shape("5", "5").startswith("0.0,234.0 1000.0,234.0|5|5")


def test_one_value_is_no_line_yet():
    assert shape("5") == "||||"


@pytest.mark.parametrize(
    ("share", "width"),
    [
        (Decimal("0.4329"), "43.29%"),
        (None, "0.00%"),
        (Decimal(2), "100.00%"),
        (Decimal(-1), "0.00%"),
    ],
)
def test_a_bar_is_as_wide_as_its_share_and_never_wider_than_the_whole(share, width):
    source = "{% load page %}{% bar share %}"

    assert Template(source).render(Context({"share": share})) == width
