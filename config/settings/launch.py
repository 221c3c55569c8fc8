"""Settings of the commands that start what all other settings need, and so can't need it."""

INSTALLED_APPS = ["config.apps.Config"]
USE_TZ = True
