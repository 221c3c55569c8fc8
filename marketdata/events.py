"""What market data announces."""

from django.dispatch import Signal

#: The newest quotes were stored. Sent with `quotes: list[Quote]`, each instrument at most once.
quotes_recorded = Signal()

#: The closes of somebody's own instrument changed from a day on. Sent inside the transaction that
#: stores them, and not robustly: what follows from it is stored together with it, or nothing is.
#: Arguments: instrument_id (ObjectId), owner_id (ObjectId), from_date (date), now (datetime).
own_closes_changed = Signal()

#: The multiplier of somebody's own instrument changed. Sent as `own_closes_changed` is, with the
#: same arguments.
own_multiplier_changed = Signal()

#: Closes of an instrument that everybody sees came in for days long past. Not robust: whoever can't
#: follow raises, and is told again; so they may be told of the same change more than once.
#: Arguments: instrument_id (ObjectId), from_date (date), now (datetime).
closes_filled = Signal()

#: Somebody asks what speaks of an instrument. Not robust: whoever can't answer raises. Each
#: receiver returns how many there are, by what people call them: {"transaction": 3}.
#: Arguments: instrument_id (ObjectId), owner_id (ObjectId or None): of somebody's own only what is
#: theirs can speak.
references_asked = Signal()

#: What speaks of an instrument is to speak of another one. Not robust. Each receiver changes some
#: of what it has, remembers it under the merge, and returns how many; 0 is that there are no more.
#: Arguments: merge_key (str), source_id (ObjectId), target_id (ObjectId), now (datetime).
references_moving = Signal()

#: The same, back again: what a merge is remembered to have moved. With the same arguments.
references_returning = Signal()

#: The feed of this process has begun to lead, and will announce quotes.
feed_leads = Signal()

#: It leads no more: another process announces quotes now, or none does.
feed_rests = Signal()

#: The feed asks who wants which prices. Not robust: whoever can't answer raises. Each receiver
#: returns `marketdata.domain.routing.Interests`.
interests_asked = Signal()
