"""One connection of the fake upstream: its records, and the server's side of the dialogue with the faults that are set.
fake_upstream.py alone uses it; the steps and faults are described there.
"""
import base64
import hashlib
import re
import socket
import struct
import threading
import time


class Message:
    """What came with one transaction, the dot included."""

    def __init__(self, mail, recipients, content, digest, size):
        self.mail = mail              # the argument of MAIL: "FROM:<a@b> SIZE=1"
        self.recipients = recipients  # addresses that were accepted
        self.content = content        # octets, dots unstuffed; None unless kept
        self.sha256 = digest
        self.size = size
        self.at = time.monotonic()    # when its last dot came

    @property
    def sender(self):
        return re.match(r"(?i)from:<([^>]*)>", self.mail).group(1)


class Connection:
    """What happened on one connection."""

    def __init__(self):
        self.plain = bytearray()        # octets before TLS
        self.decrypted = bytearray()    # octets inside TLS; of content only what is kept
        self.raw_content = bytearray()  # of all contents: as it came, dots stuffed, if kept
        self.commands = []
        self.auth_attempts = 0
        self.handshaken = False
        self.tls_error = None
        self.messages = []
        self.data_begun = 0
        self.ended = threading.Event()
        self.end = None         # eof, reset, quit, ours


class End(Exception):
    """This connection is over; the argument says whose doing that was."""


class Dialog:
    """One connection's server side."""

    def __init__(self, server, accepted, record):
        self.server, self.socket, self.record = server, accepted, record
        self._tcp = accepted
        self._buffer = b""
        self._tls = False
        self._authenticated = False
        self._reset()

    def run(self):
        if self.server.implicit:
            self._handshake()
        if not self._fault("connect"):
            self._send("220 fake.test ESMTP")
        while True:
            self._command(self._line())

    # Commands

    def _command(self, line):
        self.record.commands.append(line)
        verb, _, argument = line.partition(" ")
        verb = verb.upper()
        handler = {"EHLO": self._ehlo, "HELO": self._ehlo, "STARTTLS": self._starttls, "AUTH": self._auth,
                   "MAIL": self._mail, "RCPT": self._rcpt, "DATA": self._data}.get(verb)
        if handler:
            handler(argument)
        elif verb in ("RSET", "NOOP"):
            if verb == "RSET":
                self._reset()
            if not self._fault(verb.lower()):
                self._send("250 2.0.0 ok")
        elif verb == "QUIT":
            if not self._fault("quit"):
                self._send("221 2.0.0 bye")
            raise End("quit")
        else:
            self._send("500 5.5.2 what?")

    def _ehlo(self, _):
        self._reset()
        if self._fault("tls-ehlo" if self._tls else "ehlo"):
            return
        keywords = list(self.server.ehlo if self._tls else self.server.ehlo_before_tls)
        if self._tls:
            if self.server.auth:
                keywords.append("AUTH " + " ".join(self.server.auth))
        elif self.server.offer_starttls:
            keywords.append("STARTTLS")
        lines = ["fake.test", *keywords]
        self._send(*[f"250-{text}" for text in lines[:-1]], f"250 {lines[-1]}")

    def _starttls(self, _):
        if self._tls or not self.server.offer_starttls:
            self._send("502 5.5.1 not here")
            return
        if self._fault("starttls"):
            return
        self._write(b"220 2.0.0 go ahead\r\n" + self.server.glued)
        self._handshake()

    def _handshake(self):
        if self.server.has_fault("handshake"):
            self.record.plain += self.socket.recv(65536)  # the client has begun
            self._fault("handshake")
        self._buffer = b""
        self.socket = self.server.tls.wrap_socket(self._tcp, server_side=True)
        self._tls = True
        self.record.handshaken = True

    def _auth(self, argument):
        self.record.auth_attempts += 1
        if self._fault("auth"):
            return
        mechanism, _, initial = argument.partition(" ")
        if mechanism.upper() not in self.server.auth:
            self._send("504 5.5.4 not that one")
        elif mechanism.upper() == "PLAIN":
            self._check(base64.b64decode(initial or self._ask("")).split(b"\0")[1:])
        else:
            user = base64.b64decode(initial or self._ask("VXNlcm5hbWU6"))
            self._check([user, base64.b64decode(self._ask("UGFzc3dvcmQ6"))])

    def _ask(self, challenge):
        self._send(f"334 {challenge}")
        return self._line()

    def _check(self, given):
        self._authenticated = given == [part.encode() for part in self.server.login]
        self._send("235 2.7.0 welcome" if self._authenticated else "535 5.7.8 wrong user or password")

    def _mail(self, argument):
        if self._fault("mail"):
            return
        if not self._tls or (self.server.auth and not self._authenticated):
            self._send("530 5.7.0 log in first")
        elif self._sender is not None:
            self._send("503 5.5.1 nested MAIL")
        else:
            self._sender = argument
            self._send("250 2.1.0 ok")

    def _rcpt(self, argument):
        self._recipients_seen += 1
        if self._fault("rcpt", f"rcpt{self._recipients_seen}"):
            return
        if self._sender is None:
            self._send("503 5.5.1 MAIL first")
            return
        self._recipients.append(re.match(r"(?i)to:<([^>]*)>", argument).group(1))
        self._send("250 2.1.5 ok")

    def _data(self, _):
        if self._fault("data"):
            return
        if not self._recipients:
            self._send("554 5.5.1 no valid recipients")
            return
        self._send("354 go on")
        self.record.data_begun += 1
        content = self._read_content()
        message = Message(self._sender, self._recipients, *content)
        if self._fault("dot"):
            self._reset()
            return
        with self.server.lock:
            self.record.messages.append(message)
        self._reset()
        self._send("250 2.0.0 taken")
        self._fault("done")

    def _read_content(self):
        """Up to CRLF . CRLF and nothing else. In blocks of whole lines, so that large ones go fast."""
        kept, digest, size, done = [], hashlib.sha256(), 0, False
        marked = self.server.digest_from is None
        while not done:
            if size >= self.server.content_after:
                self._fault("content")
            if b"\r\n" not in self._buffer:
                self._fill()
                continue
            cut = self._buffer.rfind(b"\r\n") + 2
            block, rest = self._buffer[:cut], self._buffer[cut:]
            end = 0 if block.startswith(b".\r\n") else block.find(b"\r\n.\r\n") + 2
            if end >= 2 or block.startswith(b".\r\n"):
                block, rest, done = block[:end], block[end + 3:] + rest, True
            self._buffer = rest
            if self.server.keep_content:
                self.record.raw_content += block
            plain = block.replace(b"\r\n.", b"\r\n")
            plain = plain[1:] if plain.startswith(b".") else plain
            digest.update(plain if marked else self._after_marker(plain))
            marked = marked or self.server.digest_from in plain
            size += len(plain)
            if self.server.keep_content:
                kept.append(plain)
        return (b"".join(kept) if self.server.keep_content else None), digest.hexdigest(), size

    def _after_marker(self, block):
        """What a gateway put before the client's own first line is no part of the digest."""
        place = block.find(self.server.digest_from)
        return block[place:] if place >= 0 else b""

    def _reset(self):
        self._sender, self._recipients, self._recipients_seen = None, [], 0

    # Faults

    def _fault(self, *steps):
        """Does what is set for this step. True where that took the place of the usual reply."""
        fault = self.server.take_fault(*steps)
        if fault is None:
            return False
        if callable(fault):
            return bool(fault())
        if fault.startswith("pause"):
            self.server.release.wait()
            fault = fault[len("pause "):]
            if not fault:
                return False
        if fault[0].isdigit():
            self._send(*fault.split("\n"))
            if fault.startswith("421"):
                raise End("ours")
            return True
        self._misbehave(fault)
        raise End("ours")

    def _misbehave(self, fault):
        if fault == "reset":
            self._tcp_option(socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif fault == "silence":
            self._listen_on()
        elif fault == "garbage":
            self._write(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>\x00\xff</html>\r\n")
            self._listen_on()
        elif fault == "half":
            self._write(b"250 2.0")
        elif fault == "half-silence":
            self._write(b"250-2.0.0 wait\r\n25")
            self._listen_on()
        elif fault == "endless":
            while not self.server.stopped():
                self._write(b"250-2.0.0 and more\r\n" * 1000)
        elif fault == "endless-line":
            while not self.server.stopped():
                self._write(b"250-2.0.0 and more " * 1000)
        elif fault != "close":
            raise AssertionError(f"no such fault: {fault}")

    def _tcp_option(self, option, value):
        self.socket.setsockopt(socket.SOL_SOCKET, option, value)

    def _listen_on(self):
        """Silent until the peer goes."""
        while True:
            self._fill()
            self._buffer = b""

    # Octets

    def _send(self, *lines):
        self._write("".join(f"{line}\r\n" for line in lines).encode())

    def _write(self, data):
        self.socket.sendall(data)

    def _line(self):
        while b"\n" not in self._buffer:
            self._fill()
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("utf-8", "surrogateescape")

    def _fill(self):
        data = self.socket.recv(262144)
        if not data:
            raise End("eof")
        if not self._tls:
            self.record.plain += data
        elif self.server.keep_content:
            self.record.decrypted += data
        self._buffer += data
