"""Ask who is let in."""

from __future__ import annotations

from collections.abc import Collection

from bson import ObjectId
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.models import User
from common.bulk import read_many


def list_let_in(bearers: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Keep those bearers of tokens who may still come in with them.

    Args:
        bearers: ids of users, each with the mark of the password that the token was given for.
    """
    ids = [ObjectId(user_id) for user_id, _ in bearers if ObjectId.is_valid(user_id)]
    rows = read_many(
        User,
        {"_id": {"$in": ids}, "is_active": True},
        columns=("id", "password"),
        sort={"_id": 1},
    )
    present = {(str(row["id"]), get_md5_hash_password(row["password"])) for row in rows}
    return present.intersection(bearers)
