"""What tests of pages do with a browser."""

from html import unescape

from django.urls import reverse


def page(browser, name, *ids, **query):
    """Open a page; return its text."""
    answer = browser.get(reverse(name, args=ids), query)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return text_of(answer)


def text_of(answer):
    return " ".join(unescape(answer.content.decode()).split())


def assert_shows(text, *wanted):
    missing = [each for each in wanted if each not in text]
    assert not missing, f"{missing} not in {text}"


def errors_of(answer):
    """Return the messages of a form that was refused, by field."""
    assert answer.status_code == 422
    forms = [answer.context[name] for name in ("form", "delete_form") if name in answer.context]
    return {field: list(lines) for form in forms for field, lines in form.errors.items()}
