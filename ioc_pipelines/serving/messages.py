"""Hand a message over by apprise; where to comes from the environment and is never told."""

from __future__ import annotations

import logging
from collections.abc import Sequence

# what it says of a failure names the address
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


class NotSentError(Exception):
    """The message was not handed over; what it says holds no address."""


def send_message(
    urls: Sequence[str], title: str, body: str, *, html: bool = False, files: Sequence[str] = ()
) -> None:
    """Send to every URL, as apprise reads them: ``mailto://user:password@host:port?to=…``.

    ``files`` are paths to attach. Raises NotSentError when one of them did not take it.
    """
    import apprise  # half a second

    sender = apprise.Apprise()
    if not urls or not sender.add(list(urls)):
        msg = "the URL, or the address, is not set or not understood"
        raise NotSentError(msg)
    kind = apprise.NotifyFormat.HTML if html else apprise.NotifyFormat.TEXT
    try:
        sent = sender.notify(body=body, title=title, body_format=kind, attach=list(files) or None)
    except Exception as error:  # noqa: BLE001  whatever it is, it may name the address
        msg = f"the message was not sent: {type(error).__name__}"
        raise NotSentError(msg) from None
    if not sent:
        msg = "the server did not take the message"
        raise NotSentError(msg)
