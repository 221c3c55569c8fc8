from bson import ObjectId
from django.db.models import Field
from typing_extensions import TypeVar

_SetT_contra = TypeVar("_SetT_contra", contravariant=True, default=ObjectId | str)
_GetT_co = TypeVar("_GetT_co", covariant=True, default=ObjectId)

class ObjectIdField(Field[_SetT_contra, _GetT_co]):
    _pyi_private_set_type: ObjectId | str
    _pyi_private_get_type: ObjectId
    _pyi_lookup_exact_type: ObjectId | str
