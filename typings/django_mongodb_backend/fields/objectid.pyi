from typing_extensions import TypeVar

from bson import ObjectId
from django.db.models import Field

_ST = TypeVar("_ST", contravariant=True, default=ObjectId | str)
_GT = TypeVar("_GT", covariant=True, default=ObjectId)

class ObjectIdField(Field[_ST, _GT]):
    _pyi_private_set_type: ObjectId | str
    _pyi_private_get_type: ObjectId
    _pyi_lookup_exact_type: ObjectId | str
