"""``ioc serve``: the portal, until it is stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from ioc_pipelines.cli_support import Profile, deployment_of, progress, stop

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_GRACE_S = 5


def serve(
    profile: Profile = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at; the default is heard on this machine only")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535)] = 8080,
) -> None:
    """Serve the portal over what is published, until Ctrl-C. It only reads; it has no login yet."""
    import uvicorn

    from ioc_pipelines.serving.portal.app import portal

    deployment = deployment_of(profile)
    is_local = host in _LOOPBACK
    # a page elsewhere must not reach a portal of this machine under a name of its own
    hosts = [*_LOOPBACK, "[::1]"] if is_local else ["*"]
    app = portal(deployment.home, deployment.catalog, hosts)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    try:
        listening = config.bind_socket()
    except SystemExit:  # uvicorn has said why on stderr
        stop(f"cannot listen at {host}:{port}; choose another with --host or --port", code=1)
    address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
    progress(f"portal of {deployment.home.profile}: {address}  (Ctrl-C ends it)")
    progress(
        "heard on this machine only; --host 0.0.0.0 opens it to the network"
        if is_local
        else "open to the network WITHOUT A LOGIN: everybody who reaches this address can read"
    )
    uvicorn.Server(config).run(sockets=[listening])
