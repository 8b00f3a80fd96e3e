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


def address(argument):
    """Of the argument of MAIL or RCPT."""
    found = re.search(r"<([^>]*)>", argument)
    return found.group(1) if found else ""


class Message:
    """What came with one transaction, the dot (or the last chunk) included."""

    def __init__(self, mail, recipients, content, digest, size, chunks=0):
        self.mail = mail              # the argument of MAIL: "FROM:<a@b> SIZE=1"
        self.recipients = recipients  # addresses that were accepted
        self.content = content        # octets, dots unstuffed; None unless kept
        self.sha256 = digest
        self.size = size
        self.chunks = chunks          # how many BDAT brought it; none: DATA did
        self.login = None             # whose login it came with
        self.answered = True          # with what its final reply says; False where a fault took its place
        self.at = time.monotonic()    # when its last dot came

    @property
    def sender(self):
        return address(self.mail)


class Connection:
    """What happened on one connection."""

    def __init__(self, peer=None):
        self.peer = peer                # its address and port
        self.plain = bytearray()        # octets before TLS
        self.decrypted = bytearray()    # octets inside TLS; of content only what is kept
        self.raw_content = bytearray()  # of all contents: as it came, dots stuffed, if kept
        self.commands = []
        self.auth_attempts = 0
        self.handshaken = False
        self.version = None             # of TLS
        self.resumed = False            # TLS went on from an earlier session
        self.tls_error = None
        self.login = None               # who has logged in
        self.messages = []
        self.data_begun = 0
        self.has_talked_nonsense = False
        self.ended = threading.Event()
        self.end = None         # eof, reset, quit, ours


class End(Exception):
    """This connection is over; the argument says whose doing that was."""


class Intake:
    """The content of one message as it comes, unstuffed."""

    def __init__(self, server):
        self._keep, self._marker = server.keep_content, server.digest_from
        self._kept, self._digest, self._before = [], hashlib.sha256(), b""
        self.size = 0

    def add(self, block):
        self.size += len(block)
        if self._keep:
            self._kept.append(block)
        if self._marker:
            # What a gateway put before the client's own first line is no part of the digest.
            block, self._before = self._before + block, b""
            place = block.find(self._marker)
            if place < 0:
                self._before = block
                return
            block, self._marker = block[place:], None
        self._digest.update(block)

    def result(self):
        """content, digest, size of a Message."""
        return (b"".join(self._kept) if self._keep else None), self._digest.hexdigest(), self.size


class Dialog:
    """One connection's server side."""

    def __init__(self, server, accepted, record):
        self.server, self.socket, self.record = server, accepted, record
        self._tcp = accepted
        self._buffer = b""
        self._tls = False
        self._authenticated = False
        self._who = ""  # whom the command at hand is about
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
                   "MAIL": self._mail, "RCPT": self._rcpt, "DATA": self._data, "BDAT": self._bdat}.get(verb)
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
        self.socket = self.server.wrap(self._tcp)
        self._tls = True
        self.record.handshaken, self.record.resumed = True, self.socket.session_reused
        self.record.version = self.socket.version()

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
        logins = self.server.login if isinstance(self.server.login, dict) else dict([self.server.login])
        given = [part.decode("utf-8", "replace") for part in given]
        self._authenticated = len(given) == 2 and logins.get(given[0]) == given[1]
        self.record.login = given[0] if self._authenticated else None
        self._send("235 2.7.0 welcome" if self._authenticated else "535 5.7.8 wrong user or password")

    def _mail(self, argument):
        self._who = address(argument)
        if self._fault("mail"):
            return
        if not self._tls or (self.server.auth and not self._authenticated):
            self._send("530 5.7.0 log in first")
        elif self._sender is not None:
            self._send("503 5.5.1 nested MAIL")
        else:
            self._sender = argument
            self._send("250 2.1.0 ok" + self._named())

    def _rcpt(self, argument):
        self._recipients_seen += 1
        self._who = address(argument)
        if self._fault("rcpt", f"rcpt{self._recipients_seen}"):
            return
        if self._sender is None:
            self._send("503 5.5.1 MAIL first")
            return
        self._recipients.append(self._who)
        self._send("250 2.1.5 ok" + self._named())

    def _data(self, _):
        if self._fault("data"):
            return
        if self._intake is not None:
            self._send("503 5.5.1 DATA behind BDAT")
            return
        if not self._recipients:
            self._send("554 5.5.1 no valid recipients")
            return
        self._send("354 go on")
        self.record.data_begun += 1
        self._intake = Intake(self.server)
        self._read_content(self._intake)
        self._finish()

    def _bdat(self, argument):
        """RFC 3030 section 2. The octets of a chunk are read whatever is answered."""
        if "CHUNKING" not in self.server.ehlo:
            self._send("500 5.5.2 what?")  # and its octets are commands
            return
        size, *last = argument.upper().split(" ")
        if not self._recipients or self._refused_chunk:
            self._read_chunk(int(size), Intake(self.server))
            self._send("503 5.5.1 no recipients, or a chunk was refused")
            return
        if self._intake is None:
            self.record.data_begun += 1
            self._intake = Intake(self.server)
        self._chunks += 1
        self._read_chunk(int(size), self._intake)
        if last == ["LAST"]:
            self._finish()
        elif self._fault("bdat"):
            self._refused_chunk = True
        else:
            self._send(f"250 2.0.0 {size} octets")

    def _finish(self):
        """The content is whole: its fate."""
        if self._fault("dot"):
            self._reset()
            return
        message = Message(self._sender, self._recipients, *self._intake.result(), self._chunks)
        fault = self.server.take_fault("taken")
        message.answered = fault is None
        message.login = self.record.login
        with self.server.lock:
            self.record.messages.append(message)
        self._who = message.recipients[0]
        replied = fault is not None and self._suffer(fault)
        self._reset()
        if not replied:
            self._send("250 2.0.0 taken" + self._named())
        self._fault("done")

    def _read_content(self, intake):
        """Up to CRLF . CRLF and nothing else. In blocks of whole lines, so that large ones go fast."""
        done = False
        while not done:
            if intake.size >= self.server.content_after:
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
            intake.add(plain[1:] if plain.startswith(b".") else plain)

    def _read_chunk(self, left, intake):
        while left > 0:
            if intake.size >= self.server.content_after:
                self._fault("content")
            if not self._buffer:
                self._fill()
            block, self._buffer = self._buffer[:left], self._buffer[left:]
            left -= len(block)
            if self.server.keep_content:
                self.record.raw_content += block
            intake.add(block)

    def _named(self):
        """What an answer is about, where answers tell."""
        return f" <{self._who}>" if self.server.named else ""

    def _reset(self):
        self._sender, self._recipients, self._recipients_seen = None, [], 0
        self._intake, self._chunks, self._refused_chunk = None, 0, False

    # Faults

    def _fault(self, *steps):
        """Does what is set for this step. True where that took the place of the usual reply."""
        fault = self.server.take_fault(*steps)
        return fault is not None and self._suffer(fault)

    def _suffer(self, fault):
        if callable(fault):
            return bool(fault())
        if fault.startswith("pause"):
            self.server.release.wait()
            fault = fault[len("pause "):]
            if not fault:
                return False
        if fault[0].isdigit():
            self._send(*fault.replace("{who}", self._who).split("\n"))
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
            self.record.has_talked_nonsense = True
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
