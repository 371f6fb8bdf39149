"""A mail server that misbehaves as it is told, in a process of its own. It writes down every letter that it took.

    python -m clinic.chaos.mailserver LOG

Says its port, then reads what ails it from standard input, line by line: `{"450": 0.2}` for two letters out of ten.
Knows nothing of Django: whoever judges afterwards reads its log.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

GONE = "gone"  # how an address begins that nobody has
HANGS = 4.0  # seconds, longer than those who send wait
# What may ail it. Of the last four the letter was taken, and whoever sent it does not hear so.
BUSY, LATER, LATER_STILL = "421", "450", "451"
HANG, CLOSE_IN_DATA, SLOW = "hangs", "closes in DATA", "slow"
HANG_AFTER, CLOSE_AFTER, KILL = "hangs after DATA", "closes after DATA", "kills after DATA"
UNHEARD = {HANG_AFTER, CLOSE_AFTER, KILL}
SLOWNESS = 0.7  # seconds between taking a letter and saying so


class Server(SMTP):
    """One conversation."""

    fault: str = ""
    begun: float = 0.0

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

    def __init__(self, log: Path, chance: random.Random) -> None:
        self.log, self.chance, self.ails = log, chance, dict[str, float]()
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
            await asyncio.sleep(HANGS)
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
        pid = self.sender(session, server)
        self.take(envelope, fault=server.fault, begun=server.begun, pid=pid)
        await self.after(server, pid)
        return "250 OK"

    async def after(self, server: Server, pid: int) -> None:
        """What may happen between taking a letter and saying so."""
        if server.fault == KILL and pid:
            os.kill(pid, signal.SIGKILL)
        elif server.fault == CLOSE_AFTER:
            server.hang_up()
        elif server.fault in (HANG_AFTER, SLOW):
            await asyncio.sleep(HANGS if server.fault == HANG_AFTER else SLOWNESS)

    def take(self, envelope: Envelope, **told: Any) -> None:
        """Write down that a letter was taken; what is written stays even if this process is killed."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message_id = message_from_bytes(content)["Message-ID"]
        line = {"at": time.time(), "message_id": message_id, "to": envelope.rcpt_tos[0], **told}
        with self.log.open("a") as log:
            log.write(json.dumps(line) + "\n")

    def sender(self, session: Session, server: Server) -> int:
        """The process at the other end, 0 if it is gone."""
        port = int(session.peer[1]) if session.peer else 0
        inode = f"socket:[{_inode(port, _own_port(server))}]"
        for pid in [*self.known, *_processes()]:
            if _has(pid, inode):
                self.known = [pid, *(one for one in self.known if one != pid)][:8]
                return pid
        return 0


def _own_port(server: Server) -> int:
    return server.transport.get_extra_info("sockname")[1] if server.transport else 0


def _inode(port: int, other: int) -> str:
    """The inode of the socket on loopback that leads from `port` to `other`."""
    wanted = [f":{port:04X}", f":{other:04X}"]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if [fields[1][-5:], fields[2][-5:]] == wanted:
            return fields[9]
    return ""


def _processes() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").glob("[0-9]*"))


def _has(pid: int, inode: str) -> bool:
    try:
        return any(str(fd.readlink()) == inode for fd in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


async def serve(log: Path) -> None:
    """Take letters until standard input ends: nobody is there any more who would stop this process."""
    loop, office = asyncio.get_running_loop(), PostOffice(log, random.Random(1))  # noqa: S311 (no secret)
    listening = await loop.create_server(lambda: Server(office, hostname="chaos", loop=loop), "127.0.0.1", 0)
    sys.stdout.write(f"{listening.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while line := await asyncio.to_thread(sys.stdin.readline):
        office.ails = json.loads(line)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
