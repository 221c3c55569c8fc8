"""Values on their way into queries."""

from django_mongodb_backend import operations


class DatabaseOperations(operations.DatabaseOperations):
    """Escapes what is looked up with `iexact`, which is sent as a regular expression.

    Django binds `prep_for_iexact_query` to the base class's own `prep_for_like_query` when that
    class is made, so upstream's escaping never reaches it: `email__iexact=".*"` would match every
    row and `"++"` raise. Sign-up, password reset and the admin's search all get there.
    """

    compiler_module = "common.mongodb.compiler"
    prep_for_iexact_query = operations.DatabaseOperations.prep_for_like_query
