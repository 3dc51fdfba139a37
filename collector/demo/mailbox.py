"""The mail server of the demonstration: it takes what it is given and keeps it in a folder.

python -m collector.demo.mailbox FOLDER     prints its port; each message becomes N.eml
"""

import asyncio
import sys
from itertools import count
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Keeps every message, in the order they came; a file is there when it is whole."""

    def __init__(self, folder: Path) -> None:
        """Keep messages in this folder."""
        self._folder = folder
        self._numbers = count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - as aiosmtpd calls it
        """Take a message."""
        content = envelope.content
        number = next(self._numbers)
        fresh = self._folder / f"{number}.new"
        fresh.write_bytes(content if isinstance(content, bytes) else (content or "").encode())
        fresh.rename(self._folder / f"{number}.eml")
        return f"250 2.0.0 taken as {number}"


async def serve(folder: Path) -> None:
    """Take mail until told to stop."""
    mailbox = Mailbox(folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(mailbox, hostname="ch-exemple.example", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - this is its output
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
