"""Failures as pages for people, and as problems for programs."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist, loader
from django.utils.html import format_html

from common.api.problems import BROKEN, Problem, problem_of, problem_response

_API = "/api/"


def failure_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer with a problem document below /api/, and with a page elsewhere.

    The page is `<status>.html`, or `failure.html` where there is none of that name; both are given
    `status`, `title` and `detail`.
    """
    if request.path.startswith(_API):
        return problem_response(problem)
    context = {"status": problem.status, "title": problem.title, "detail": problem.detail}
    # After a failure of our own the page must not ask the database who is signed in.
    source = request if problem.status < BROKEN.status else None
    try:
        names = [f"{problem.status}.html", "failure.html"]
        body = loader.render_to_string(names, context, request=source)
    except TemplateDoesNotExist:
        body = format_html(
            '<!doctype html><html lang="en"><title>{}</title><h1>{}</h1><p>{}</p></html>',
            problem.title,
            problem.title,
            problem.detail,
        )
    return HttpResponse(body, status=problem.status, headers=dict(problem.headers))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what can't be understood, or is too large."""
    problem = problem_of(exception) or Problem(400, "malformed", "The request can't be understood")
    return failure_response(request, problem)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what isn't allowed."""
    problem = problem_of(exception) or Problem(403, "forbidden", "This isn't allowed")
    return failure_response(request, problem)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that nothing lives at."""
    problem = problem_of(exception) or Problem(404, "not-found", "There is nothing here")
    return failure_response(request, problem)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer somebody who asks too often; allauth calls this when a rate limit is reached."""
    return failure_response(
        request,
        Problem(
            429,
            "too-many-requests",
            "Too many requests",
            "Wait a minute, then try again.",
            headers={"Retry-After": "60"},
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a bug, or a dependency that went away outside of any view."""
    failure = sys.exc_info()[1]
    problem = problem_of(failure) if failure is not None else None
    return failure_response(request, problem or BROKEN)
