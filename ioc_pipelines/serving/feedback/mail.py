"""Mail with an attachment: the server and the address come from the environment."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import quote

from ioc_pipelines.serving.messages import NotSentError, send_message


def send_mail(
    server: str, address: str, subject: str, html: str, attachments: dict[str, bytes]
) -> None:
    """Send a page with files by name. Raises NotSentError.

    ``server``: a URL of apprise, ``mailto://user:password@host:port?from=…``.
    """
    target = f"{server}{'&' if '?' in server else '?'}to={quote(address, safe='')}"
    if not target.startswith(("mailto://", "mailtos://")):
        msg = "the mail server's URL is not one of mailto or mailtos"
        raise NotSentError(msg)
    with tempfile.TemporaryDirectory(prefix="ioc-mail-") as folder:
        paths = []
        for name, content in attachments.items():
            path = Path(folder) / name
            path.write_bytes(content)
            paths.append(str(path))
        send_message([target], subject, html, html=True, files=paths)
