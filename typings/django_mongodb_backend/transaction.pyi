from django.db.transaction import Atomic, on_commit

def atomic(using: str | None = None) -> Atomic: ...

__all__ = ["atomic", "on_commit"]
