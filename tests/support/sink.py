"""The plain SMTP server behind a real one: takes what that relays and keeps it. Threads on 127.0.0.1; no login, no TLS.
"""
import re
import socketserver
import threading


class Taken:
    """One message: the arguments of MAIL and RCPT as they came, the content with its dots unstuffed."""

    def __init__(self, mail, recipients, content):
        self.mail, self.recipients, self.content = mail, recipients, content

    @property
    def body(self):
        return self.content.split(b"\r\n\r\n", 1)[1]

    @property
    def sender(self):
        return re.match(r"(?i)from:<([^>]*)>", self.mail).group(1)


class Sink:
    """`replies`: an address → what RCPT for it gets; "DATA" → what ends each content, in place of a 250."""

    def __init__(self, replies=None, ehlo=("PIPELINING", "SIZE 50000000", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN")):
        self.messages, self.replies, self.ehlo = [], replies or {}, ehlo
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.sink = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        self._say("220 sink.test ESMTP")
        while line := self.rfile.readline():
            verb, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 2.0.0 bye")
                return
            self._obey(verb.upper(), argument)

    def _obey(self, verb, argument):
        sink = self.server.sink
        if verb == "EHLO":
            self._say(*[f"250-{keyword}" for keyword in ("sink.test", *sink.ehlo[:-1])], f"250 {sink.ehlo[-1]}")
        elif verb == "MAIL":
            self._mail, self._recipients = argument, []
            self._say("250 2.1.0 ok")
        elif verb == "RCPT":
            refusal = sink.replies.get(re.match(r"(?i)to:<([^>]*)>", argument).group(1))
            if not refusal:
                self._recipients.append(argument)
            self._say(refusal or "250 2.1.5 ok")
        elif verb == "DATA":
            self._say("354 go on")
            self._take()
        else:
            self._say("250 2.0.0 ok")

    def _take(self):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            lines.append(line[1:] if line.startswith(b".") else line)
        refusal = self.server.sink.replies.get("DATA")
        if not refusal:
            self.server.sink.messages.append(Taken(self._mail, self._recipients, b"".join(lines)))
        self._say(refusal or "250 2.0.0 taken")

    def _say(self, *lines):
        self.wfile.write("".join(line + "\r\n" for line in lines).encode())
