"""Keys of other people's services, as they are now: somebody may have replaced one."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings


def current_secret(name: str) -> str:
    """Return a setting that is a secret; one that is given as a file is read anew.

    A file that can't be read leaves what was read at the start.
    """
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError:
            pass
    return str(getattr(settings, name))
