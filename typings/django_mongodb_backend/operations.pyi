from typing import Any

from django.db.backends.base.operations import BaseDatabaseOperations

class DatabaseOperations(BaseDatabaseOperations):
    def prep_for_like_query(self, x: Any) -> str: ...
