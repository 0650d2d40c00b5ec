"""A real SMTP server on a free port of this machine, and the mails that it took."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Received


class MailBox(Received):
    """The mails in the order in which they came."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Message] = []
        self.url = ""

    def handle_message(self, message: Message) -> None:
        self.mails.append(message_from_bytes(message.as_bytes()))


@contextmanager
def mail_box() -> Iterator[MailBox]:
    """A server; ``url`` is its address as apprise reads it, without a recipient."""
    handler = MailBox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    handler.url = f"mailto://127.0.0.1:{port}?from=ioc@tinh.example&mode=insecure"
    yield handler
    controller.stop()
