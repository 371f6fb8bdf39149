"""A real mail server on loopback that answers what a test tells it to."""

import asyncio
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller

HANG, SLOW, CLOSE = "hang", "slow", "close"
SO_LONG = 3600  # seconds: longer than any client waits
PATIENCE = (
    2  # seconds that a client waits who meets with HANG: a busy machine needs some for other answers, too
)
TO_START = 60  # seconds that a busy machine may take


class MailServer(Controller):
    """Keeps what arrives in `letters`. `answers[verb]` are the replies to come, then it says yes.

    A reply is a line of SMTP, HANG (longer than the client waits), SLOW (yes, while it still waits) or CLOSE (the
    connection, without a word).
    """

    def __init__(self):
        super().__init__(self, hostname="127.0.0.1", port=0, ready_timeout=TO_START)
        self.letters = []
        self.answers = {}
        self.slow = 0.0  # seconds

    def _create_server(self):
        return self._listen()

    async def _listen(self):
        server = await self.loop.create_server(self._factory_invoker, host=self.hostname, port=0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def answer(self, server, verb, otherwise):
        said = self.answers.get(verb) or [otherwise]
        reply = said.pop(0)
        if reply == HANG:
            await asyncio.sleep(SO_LONG)
            return otherwise
        if reply == SLOW:
            await asyncio.sleep(self.slow)
            return otherwise
        if reply == CLOSE:
            server.transport.abort()
            return otherwise
        return reply

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        await self.answer(server, "EHLO", "")
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        return await self.answer(server, "MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        reply = await self.answer(server, "RCPT", "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        reply = await self.answer(server, "DATA", "250 OK")
        if reply.startswith("250"):
            self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return reply
