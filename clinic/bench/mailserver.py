"""A mail server that takes everything and keeps nothing: `python -m clinic.bench.mailserver`. Says its port.

Knows nothing of Django.
"""

import asyncio
import sys

from aiosmtpd.smtp import SMTP, Envelope, Session


class PostOffice:
    """Says yes."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (its name)
        return "250 OK"


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(PostOffice(), hostname="bench"), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
