from typing_extensions import TypeVar

from bson import ObjectId
from django.db.models import AutoField

_ST = TypeVar("_ST", contravariant=True, default=ObjectId | str)
_GT = TypeVar("_GT", covariant=True, default=ObjectId)

class ObjectIdAutoField(AutoField[_ST, _GT]):
    _pyi_private_set_type: ObjectId | str  # type: ignore[assignment]
    _pyi_private_get_type: ObjectId  # type: ignore[assignment]
    _pyi_lookup_exact_type: ObjectId | str  # type: ignore[assignment]
