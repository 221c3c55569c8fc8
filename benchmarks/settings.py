"""The tests' settings with the channel layer of production, for servers that talk to each other."""

from config.settings import base
from config.settings.test import *  # noqa: F403 - a variant of them

CHANNEL_LAYERS = base.CHANNEL_LAYERS
