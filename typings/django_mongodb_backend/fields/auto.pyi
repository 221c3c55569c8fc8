from bson import ObjectId
from django.db.models import AutoField
from typing_extensions import TypeVar

_SetT_contra = TypeVar("_SetT_contra", contravariant=True, default=ObjectId | str)
_GetT_co = TypeVar("_GetT_co", covariant=True, default=ObjectId)

class ObjectIdAutoField(AutoField[_SetT_contra, _GetT_co]):
    _pyi_private_set_type: ObjectId | str  # type: ignore[assignment]
    _pyi_private_get_type: ObjectId  # type: ignore[assignment]
    _pyi_lookup_exact_type: ObjectId | str  # type: ignore[assignment]
