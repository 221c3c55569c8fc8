"""What accounts announce."""

from django.dispatch import Signal

#: A person's sessions ended: sign-out, another password, deactivation. Sent with `user_id: str`.
signed_out = Signal()
