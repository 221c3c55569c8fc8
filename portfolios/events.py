"""What this app announces; only `realtime.receivers` listens."""

from django.dispatch import Signal

#: A portfolio's read models stand for a new revision.
#: Arguments: portfolio_id (str), owner_id (str), revision (int).
holdings_changed = Signal()

#: A portfolio's ledger changed and its read models are being computed anew.
#: Arguments: portfolio_id (str), owner_id (str).
recalculation_started = Signal()

#: An alert fired; sent once for each firing.
#: Arguments: owner_id (str), firing (mapping: the fields of the message to clients).
alert_fired = Signal()

#: Something in an inbox was read.
#: Arguments: owner_id (str).
inbox_read = Signal()
