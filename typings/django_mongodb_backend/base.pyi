from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

class DatabaseWrapper(BaseDatabaseWrapper):
    session: Any
    in_atomic_block_mongo: bool
    database: Any
    def get_collection(self, name: str, **kwargs: Any) -> Any: ...
    def __getattr__(self, name: str) -> Any: ...
