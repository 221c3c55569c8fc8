"""What tests ask the ASGI application, and by whom."""

from rest_framework_simplejwt.tokens import AccessToken


def scope(path="/healthz", *, method="GET", query=b"", headers=()):
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "root_path": "",
        "query_string": query,
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("127.0.0.1", 5000),
        "server": ("testserver", 80),
    }


def token_of(user):
    return str(AccessToken.for_user(user))


def asked(path, token, *, query=b"", **headers):
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return scope(
        path, query=query, headers=[(b"authorization", f"Bearer {token}".encode()), *pairs]
    )


async def get(request, app):
    """Send a request; return the status and the content."""
    status, _, body = await get_whole(request, app)
    return status, body


async def get_whole(request, app):
    """Send a request; return the status, the headers save the request's id, and the content."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    await app(request, receive, send)
    body = b"".join(each.get("body", b"") for each in sent[1:])
    names = {bytes(name).lower(): bytes(value) for name, value in sent[0]["headers"]}
    names.pop(b"x-request-id", None)
    return sent[0]["status"], names, body
