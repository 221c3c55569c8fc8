"""The settings of the benchmarks with the channel layer that the tutorial of Channels takes."""

from benchmarks.settings import *  # noqa: F403 - a variant of them
from config.settings import base

_LAYER = base.CHANNEL_LAYERS["default"]
CHANNEL_LAYERS = {"default": {**_LAYER, "BACKEND": "channels_redis.core.RedisChannelLayer"}}
