"""The same pages and API as Django serves them by itself, without anything in front."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
