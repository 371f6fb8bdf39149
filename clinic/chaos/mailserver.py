"""A mail server, and a gateway of text messages, that misbehave as they are told, in a process of their own.

    python -m clinic.chaos.mailserver LOG PATIENCE

Says the ports of both, then reads what ails it from standard input, line by line: `{"450": 0.2}` for two letters out
of ten. PATIENCE: seconds that those wait who send; what hangs, hangs longer. It writes down every letter and text that
it took, which of them nobody was heard to hear of, and whom it killed. Asks nothing of Django: whoever judges later
reads its log.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
import uuid
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from aiosmtpd.smtp import SMTP, Envelope, Session

from clinic.chaos import lines

GONE = "gone"  # how an address begins that nobody has
# What may ail it. Of the last three the letter was taken, and whoever sent it does not hear so.
BUSY, LATER, LATER_STILL = "421", "450", "451"
HANG, CLOSE_IN_DATA, SLOW, KILL_BEFORE = "hangs", "closes in DATA", "slow", "kills in DATA"
HANG_AFTER, CLOSE_AFTER, KILL = "hangs after DATA", "closes after DATA", "kills after DATA"
UNHEARD = {HANG_AFTER, CLOSE_AFTER, KILL}
SLOWNESS = 0.5  # seconds between taking a letter and saying so
TEXT = "text message"


class Server(SMTP):
    """One conversation."""

    fault: str = ""
    begun: float = 0.0
    said_yes_to: float | None = (
        None  # when the letter was taken of which nobody knows yet whether they heard so
    )

    def data_received(self, data: bytes) -> None:
        """Who goes on heard the answer: nobody says anything before it."""
        self.said_yes_to = None
        super().data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        """Who leaves without a word may have waited no longer, on a machine that is busy."""
        if self.said_yes_to:
            self.event_handler.take(unheard=self.said_yes_to)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 (aiosmtpd calls it so)
        if self.fault == CLOSE_IN_DATA:
            await self.push("354 Go ahead")
            self.hang_up()
            return
        await super().smtp_DATA(arg)

    def hang_up(self) -> None:
        """Without a word."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()


class PostOffice:
    """What is said to each command, by what ails the server when the letter begins."""

    def __init__(self, log: Path, patience: float, chance: random.Random) -> None:
        self.log, self.chance, self.ails = log, chance, dict[str, float]()
        self.hangs = patience * 1.5  # seconds
        self.known: list[int] = []

    def draw(self) -> str:
        """What happens to the next letter; "" for nothing."""
        at = self.chance.random()
        for fault, share in self.ails.items():
            at -= share
            if at < 0:
                return fault
        return ""

    async def handle_MAIL(  # noqa: N802
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        server.fault, server.begun = self.draw(), time.time()
        envelope.mail_from = address
        if server.fault == HANG:
            await asyncio.sleep(self.hangs)
        return "421 Closing down" if server.fault == BUSY else "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith(GONE):
            return "550 Nobody of that name"
        if server.fault == LATER:
            return "450 Busy, come back"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if server.fault == LATER_STILL:
            return "451 Not now"
        pid = self.sender(session.peer, server.transport)
        if server.fault == KILL_BEFORE:
            if pid:
                self.kill(pid)
            return "451 Nobody is there any more"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        server.said_yes_to = self.take(
            message_id=message_from_bytes(content)["Message-ID"],
            to=envelope.rcpt_tos[0],
            fault=server.fault,
            begun=server.begun,
            pid=pid,
        )
        await self.after(server, pid)
        return "250 OK"

    async def after(self, server: Server, pid: int) -> None:
        """What may happen between taking a letter and saying so."""
        if server.fault == KILL and pid:
            self.kill(pid)
        elif server.fault == CLOSE_AFTER:
            server.hang_up()
        elif server.fault in (HANG_AFTER, SLOW):
            await asyncio.sleep(self.hangs if server.fault == HANG_AFTER else SLOWNESS)

    def take(self, **told: Any) -> float:
        """Write down that something was taken, and say when; what is written stays even if this process is killed."""
        at = time.time()
        with self.log.open("a") as log:
            log.write(json.dumps({"at": at, **told}) + "\n")
        return at

    def kill(self, pid: int) -> None:
        """Whoever is handing over a letter."""
        os.kill(pid, signal.SIGKILL)
        self.take(killed=pid)

    async def serve_text(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request to the gateway, and the answer."""
        began = time.time()
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split("\r\n")[0])
        form = parse_qs((await reader.readexactly(length)).decode())
        pid = self.sender(writer.get_extra_info("peername"), writer.transport)
        status, answer = self.answer_text(form["To"][0], began, pid)
        body = json.dumps(answer).encode()
        said = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(said.encode() + body)
        await writer.drain()
        writer.close()

    def answer_text(self, to: str, began: float, pid: int) -> tuple[str, dict[str, str]]:
        """Taken under a name of ours, or refused for now."""
        if self.draw() in (BUSY, LATER, LATER_STILL):
            return "429 Too Many Requests", {}
        name = f"SM{uuid.uuid4().hex}"
        self.take(message_id=name, to=to, fault=TEXT, begun=began, pid=pid)
        return "201 Created", {"sid": name}

    def sender(self, peer: Any, transport: asyncio.BaseTransport | None) -> int:
        """The process at the other end, 0 if it is gone."""
        here = transport.get_extra_info("sockname")[1] if transport else 0
        wanted = lines.inode(int(peer[1]) if peer else 0, here)
        for pid in [*self.known, *_processes()]:
            if wanted and wanted in lines.sockets(pid):
                self.known = [pid, *(one for one in self.known if one != pid)][:8]
                return pid
        return 0


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


async def serve(log: Path, patience: float) -> None:
    """Take letters until standard input ends: nobody is there any more who would stop this process."""
    loop, office = asyncio.get_running_loop(), PostOffice(log, patience, random.Random(1))  # noqa: S311 (no secret)
    letters = await loop.create_server(lambda: Server(office, hostname="chaos", loop=loop), "127.0.0.1", 0)
    texts = await asyncio.start_server(office.serve_text, "127.0.0.1", 0)
    sys.stdout.write("".join(f"{one.sockets[0].getsockname()[1]}\n" for one in (letters, texts)))
    sys.stdout.flush()
    while line := await asyncio.to_thread(sys.stdin.readline):
        office.ails = json.loads(line)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2])))
