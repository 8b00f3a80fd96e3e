"""A client that says exactly what a test wants, byte for byte, and hears every reply. It mends nothing."""
import re
import socket
import struct


class Reply:
    """A reply of one or more lines, RFC 5321 section 4.2."""

    def __init__(self, code, lines):
        self.code = code
        self.lines = lines

    @property
    def text(self):
        return " / ".join(self.lines)

    @property
    def enhanced(self):
        found = re.match(r"([245]\.\d{1,3}\.\d{1,3})(\s|$)", self.lines[0])
        return found.group(1) if found else None

    def __repr__(self):
        return f"{self.code} {self.text}"


class Closed(Exception):
    """The peer closed the connection where a reply was due."""


class Client:
    """One connection to a plain SMTP port, greeting read unless told otherwise."""

    def __init__(self, port, host="127.0.0.1", timeout=30, greeting=True, source=None):
        self.socket = socket.create_connection((host, port), timeout, source_address=source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self.greeting = self.reply() if greeting else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def raw(self, data):
        self.socket.sendall(data)

    def reply(self):
        """The next reply; Closed at the end of the connection."""
        lines = []
        while True:
            line = self._line()
            if not re.match(rb"\d{3}[ -]", line) and not re.fullmatch(rb"\d{3}", line):
                raise AssertionError(f"not a reply line: {line!r}")
            if len(line) + 2 > 512:
                raise AssertionError(f"reply line of {len(line) + 2} octets")
            lines.append(line[4:].decode("utf-8", "replace"))
            if line[3:4] != b"-":
                return Reply(int(line[:3]), lines)

    def command(self, text):
        self.raw(text.encode("utf-8") + b"\r\n")
        return self.reply()

    def expect(self, text, code):
        """Says `text` and insists on the code of the answer."""
        answer = self.command(text)
        if answer.code != code:
            raise AssertionError(f"{text!r} got {answer!r}, not {code}")
        return answer

    def start(self, sender, recipients, name="client.test", parameters=""):
        """EHLO, MAIL and each RCPT, all of which must be accepted."""
        self.expect(f"EHLO {name}", 250)
        self.expect(f"MAIL FROM:<{sender}>{parameters}", 250)
        for recipient in recipients:
            self.expect(f"RCPT TO:<{recipient}>", 250)

    def content(self, content):
        """DATA, the content (lines end in CRLF already) dot-stuffed, the last dot; the final reply."""
        self.expect("DATA", 354)
        self.raw(stuffed(content) + b".\r\n")
        return self.reply()

    def is_closed(self, timeout=5):
        """Whether the peer closes within `timeout`, having said nothing more."""
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST, as a client that was killed behind a NAT."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _line(self):
        while b"\n" not in self._buffer:
            try:
                data = self.socket.recv(65536)
            except ConnectionError as error:
                raise Closed(str(error)) from error
            if not data:
                raise Closed(f"closed after {self._buffer!r}")
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        if not line.endswith(b"\r"):
            raise AssertionError(f"reply line without CR: {line!r}")
        return line[:-1]


def attempt(client, sender, recipient, content):
    """One message as far as it gets: the step (mail, rcpt, data, dot) that was answered last, and that answer."""
    for step, line in (("mail", f"MAIL FROM:<{sender}>"), ("rcpt", f"RCPT TO:<{recipient}>"), ("data", "DATA")):
        answer = client.command(line)
        if answer.code >= 400:
            return step, answer
    client.raw(stuffed(content) + b".\r\n")
    return "dot", client.reply()


def stuffed(content):
    """Content as it travels after DATA, its last line ended, without the last dot. RFC 5321 section 4.5.2."""
    if content and not content.endswith(b"\r\n"):
        content += b"\r\n"
    content = content.replace(b"\r\n.", b"\r\n..")
    return b"." + content if content.startswith(b".") else content


def send(port, sender, recipients, content, **options):
    """One message in a session of its own; the final reply."""
    with Client(port, **options) as client:
        client.start(sender, recipients)
        answer = client.content(content)
        client.command("QUIT")
        return answer
