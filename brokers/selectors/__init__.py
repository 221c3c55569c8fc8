"""Ask about imports, and about connections to brokers and their syncs."""

from brokers.selectors.connections import (
    ConnectionNotFound,
    SyncNotFound,
    find_last_good_sync,
    get_connection,
    get_own_connection,
    get_sync,
    list_connections,
    list_due,
    list_payloads,
    list_removing,
    list_startable,
    list_syncs,
    list_unbooked,
    sync_progress,
)
from brokers.selectors.imports import (
    LOST_AFTER,
    ImportNotFound,
    get_import,
    list_imports,
    list_lost,
    list_rows,
    progress_of,
)
from brokers.selectors.progress import list_progress

__all__ = [
    "LOST_AFTER",
    "ConnectionNotFound",
    "ImportNotFound",
    "SyncNotFound",
    "find_last_good_sync",
    "get_connection",
    "get_import",
    "get_own_connection",
    "get_sync",
    "list_connections",
    "list_due",
    "list_imports",
    "list_lost",
    "list_payloads",
    "list_progress",
    "list_removing",
    "list_rows",
    "list_startable",
    "list_syncs",
    "list_unbooked",
    "progress_of",
    "sync_progress",
]
