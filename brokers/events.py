"""What this app announces; only `realtime.receivers` listens."""

from django.dispatch import Signal

#: An import moved on. Arguments: run (see `brokers.selectors.progress_of`), owner_id (str).
import_progressed = Signal()

#: A sync moved on. Arguments: run (see `brokers.selectors.sync_progress`), owner_id (str).
sync_progressed = Signal()
