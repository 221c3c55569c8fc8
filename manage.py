#!/usr/bin/env python
"""Django's door: every command starts here."""

import os
import sys

from django.core.management import execute_from_command_line

#: They come before anything is configured: all other commands need the servers' addresses.
LAUNCHERS = {"build_frontend", "demo", "servers"}

if __name__ == "__main__":
    settings = "launch" if LAUNCHERS.intersection(sys.argv[1:2]) else "base"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"config.settings.{settings}")
    execute_from_command_line(sys.argv)
