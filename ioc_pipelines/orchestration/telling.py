"""Hand a message to a sink of the profile: by its URL, or as a text file where it has none."""

from __future__ import annotations

from pathlib import Path

from ioc_pipelines.catalog.models import Sink
from ioc_pipelines.durable import write_durably
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.serving.messages import NotSentError, send_message


def hand_over(
    deployment: Deployment, sink: Sink, *, folder: Path, name: str, title: str, body: str
) -> str:
    """What kept the message from being handed over; empty when nothing did.

    ``folder`` (below the data root) and ``name`` are where it lies for a sink without a URL.
    """
    try:
        if sink.url_env is not None:
            send_message(deployment.environment.get(sink.url_env, "").split(), title, body)
            return ""
        target = deployment.home.root / folder / sink.name
        target.mkdir(parents=True, exist_ok=True)
        write_durably(target / name, f"{title}\n\n{body}".encode())
    except NotSentError as error:
        return str(error)
    except OSError as error:
        return f"the file was not written: {type(error).__name__}"
    return ""
