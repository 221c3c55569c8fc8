"""What market data announces."""

from django.dispatch import Signal

#: The newest quotes were stored. Sent with `quotes: list[Quote]`, each instrument at most once.
quotes_recorded = Signal()
