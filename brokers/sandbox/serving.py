"""The sandbox on its ports: the shared one, and those of the houses that want their own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from socket import socket

import uvicorn

from brokers.sandbox.app import Sandbox
from brokers.sandbox.house import App

SHARED = ""


def servers(sandbox: Sandbox) -> dict[str, uvicorn.Server]:
    """Make the servers of a sandbox: the shared one under ``, the others by house."""
    apps: dict[str, App] = {
        SHARED: sandbox,
        **{name: sandbox.door(name) for name in sandbox.own_ports},
    }
    return {
        name: uvicorn.Server(
            uvicorn.Config(app, log_level="warning", ws="websockets-sansio", lifespan="off")
        )
        for name, app in apps.items()
    }


async def serve(made: Mapping[str, uvicorn.Server], *, listeners: Mapping[str, socket]) -> None:
    """Serve until all of them are told to end."""
    await asyncio.gather(
        *(server.serve(sockets=[listeners[name]]) for name, server in made.items())
    )
