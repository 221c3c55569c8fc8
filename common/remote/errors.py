"""How calls to other people's services fail: one classification for all adapters."""

from __future__ import annotations

from datetime import datetime

from common.errors import Unavailable


class RemoteFailure(Unavailable):
    """An outside service didn't give what was asked for."""

    code = "remote-failure"


class Transient(RemoteFailure):
    """The service is away for the moment; the same question may be asked again."""

    code = "remote-transient"


class RateLimited(RemoteFailure):
    """The service takes no more questions until `until`; nothing is wrong."""

    code = "remote-rate-limited"

    def __init__(self, detail: str = "", *, until: datetime) -> None:
        super().__init__(detail)
        self.until = until


class AuthExpired(RemoteFailure):
    """The key or the token isn't accepted; somebody has to give a new one."""

    code = "remote-auth-expired"


class Forbidden(RemoteFailure):
    """The key is good, yet not for this; the plan or the address isn't allowed."""

    code = "remote-forbidden"


class BadRequest(RemoteFailure):
    """The service refuses the question itself, so asking again is of no use."""

    code = "remote-bad-request"


class Schema(RemoteFailure):
    """The answer isn't what the service describes: its type, size, form or content."""

    code = "remote-schema"


class UnknownOutcome(RemoteFailure):
    """Whether the service carried the command out isn't known; look before sending it again."""

    code = "remote-unknown-outcome"
