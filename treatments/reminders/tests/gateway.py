"""A real HTTP gateway of texts on loopback that answers what a test tells it to."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

HANG, CLOSE = "hang", "close"


class Gateway(ThreadingHTTPServer):
    """Keeps what arrives in `texts`. `answers` are those to come, then 201.

    An answer is (status, headers), or with what the body says (status, headers, JSON); or HANG, or CLOSE.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Door)
        self.texts, self.answers, self.authorizations = [], [], set()
        self.stopped = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self):
        self.stopped.set()
        self.shutdown()
        self.server_close()


class Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.texts.append({name: values[0] for name, values in form.items()})
        self.server.authorizations.add(self.headers["Authorization"])
        answer = self.server.answers.pop(0) if self.server.answers else (201, {})
        if answer == HANG:
            self.server.stopped.wait()
        if answer in (HANG, CLOSE):
            self.close_connection = True
            return
        self.say(*answer)

    def say(self, status, headers, content=None):
        said = json.dumps(content or {"sid": f"SM{len(self.server.texts):032d}"}).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *args):
        """Tests read what arrived, not a log."""
