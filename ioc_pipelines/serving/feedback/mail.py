"""Mail with an attachment, by apprise: the server and the address come from the environment."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from urllib.parse import quote

# what it says of a failure names the address
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


class MailNotSentError(Exception):
    """The mail was not handed over; the message holds no address."""


def send_mail(
    server: str, address: str, subject: str, html: str, attachments: dict[str, bytes]
) -> None:
    """Send a page with files by name. Raises MailNotSentError.

    ``server``: a URL of apprise, ``mailto://user:password@host:port?from=…``.
    """
    import apprise  # half a second

    sender = apprise.Apprise()
    target = f"{server}{'&' if '?' in server else '?'}to={quote(address, safe='')}"
    if not target.startswith(("mailto://", "mailtos://")) or not sender.add(target):
        msg = "the mail server's URL, or the address, is not understood"
        raise MailNotSentError(msg)
    with tempfile.TemporaryDirectory(prefix="ioc-mail-") as folder:
        paths = []
        for name, content in attachments.items():
            path = Path(folder) / name
            path.write_bytes(content)
            paths.append(str(path))
        try:
            sent = sender.notify(
                body=html, title=subject, body_format=apprise.NotifyFormat.HTML, attach=paths
            )
        except Exception as error:  # noqa: BLE001  whatever it is, it may name the address
            msg = f"the mail was not sent: {type(error).__name__}"
            raise MailNotSentError(msg) from None
    if not sent:
        msg = "the mail server did not take the mail"
        raise MailNotSentError(msg)
