"""What type checkers must know of the backend: its keys are ObjectIds. The rest is untyped."""

from typing import Any

def __getattr__(name: str) -> Any: ...
