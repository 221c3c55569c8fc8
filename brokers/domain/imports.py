"""The states of an import and of its rows."""

from enum import StrEnum


class RunState(StrEnum):
    """Where an import stands."""

    READING = "reading"
    PREVIEW = "preview"
    COMMITTING = "committing"
    COMMITTED = "committed"
    UNDOING = "undoing"
    UNDONE = "undone"
    DISCARDED = "discarded"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {"preview": "Ready to check"}.get(self.value, self.value.capitalize())


class RowState(StrEnum):
    """What committing does with a row."""

    NEW = "new"
    DUPLICATE = "duplicate"
    ERROR = "error"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return self.value.capitalize()
