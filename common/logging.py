"""How this project logs: structured events, one line each, without secrets.

Everything goes through the standard library's root logger, ours and other packages' alike, so that
one formatter decides how a line looks.
"""

from __future__ import annotations

import logging.config
import re
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"passw|token|authorization|secret|cookie|api_?key|signing_?key|ticket|credential|session_?key",
    re.IGNORECASE,
)
# What libraries write into their sentences: query strings, headers, addresses with a password.
_SECRET_TEXTS = (
    (
        re.compile(
            r"\b(\w*(?:password|token|secret|api_?key|ticket|sessionid|cookie)[\"']?\s*[=:]\s*)"
            r"[\"']?[^\s&\"',;)\]}]+",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"\b((?:Bearer|Basic)\s+)[\w.~+/=-]{16,}", re.IGNORECASE), rf"\1{REDACTED}"),
    (re.compile(r"(\w://)[^/@\s]*:[^/@\s]*@"), rf"\1{REDACTED}@"),
)


class UnknownStyle(ValueError):
    """LOG_STYLE names no style of ours."""


def logging_settings(*, level: str, style: str) -> dict[str, Any]:
    """Describe the loggers for Django's LOGGING.

    Args:
        level: the lowest level that is written, such as "INFO".
        style: "json" for machines, "console" for people (colors), "plain" for files people read.

    Raises:
        UnknownStyle: there is no such style.
    """
    if style not in _RENDERERS:
        raise UnknownStyle(f"LOG_STYLE is {style!r}; it can be {', '.join(_RENDERERS)}.")
    to_root = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "common.logging.line_formatter", "style": style}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "django": to_root,
            "django.server": to_root,
            "uvicorn": to_root,
            "uvicorn.error": to_root,
            # Our middleware writes one line per request; these would write it again, with paths.
            "uvicorn.access": to_root | {"level": "WARNING"},
            "django.request": to_root | {"level": "ERROR"},
            "django.channels.server": to_root | {"level": "WARNING"},
            # Its lines hold whole addresses, in which some services want what opens an account.
            "urllib3": to_root | {"level": "WARNING"},
            # Two lines for each run of each task. Tasks write their own when there was something
            # to do; those that fail still show.
            "celery.worker.strategy": to_root | {"level": "WARNING"},
            "celery.app.trace": to_root | {"level": "WARNING"},
        },
    }


def configure(settings: dict[str, Any]) -> None:
    """Set logging up; Django calls this with LOGGING when it starts."""
    logging.config.dictConfig(settings)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def line_formatter(*, style: str) -> logging.Formatter:
    """Make the formatter that LOGGING names."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder(), _without_colors],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            redact,
            _RENDERERS[style],
        ],
    )


def _without_colors(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leave out the second spelling of its sentence that uvicorn gives to terminals."""
    event.pop("color_message", None)
    return event


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Blank what must not be kept: fields with telling names, and secrets inside sentences."""
    return {name: _redacted(name, value) for name, value in event.items()}


def _redacted(name: str, value: Any) -> Any:
    if _SECRET_NAME.search(name) and value not in (None, "", True, False):
        return REDACTED
    if isinstance(value, str):
        for pattern, replacement in _SECRET_TEXTS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, Mapping):
        return {key: _redacted(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", each) for each in value]
    return value


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)

# Tracebacks are written without local variables: those hold secrets that no name gives away.
_RENDERERS: Mapping[str, Processor] = {
    "json": structlog.processors.JSONRenderer(default=str),
    "console": structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    "plain": structlog.dev.ConsoleRenderer(
        colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
    ),
}
