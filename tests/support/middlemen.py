"""Those who stand between homeward and its server: a captive portal, and proxies that lead out (HTTP CONNECT, RFC 9110
section 9.3.6; SOCKS 5, RFC 1928 and 1929). Each listens from the start; stop() ends it.
"""
import base64
import socket
import socketserver
import struct
import threading

_PAGE = b"<html><body>Welcome to Hotel Example. Please sign in.</body></html>\r\n"
_ANSWER = (b"HTTP/1.1 302 Found\r\nLocation: http://portal.hotel.example/\r\nContent-Type: text/html\r\n"
           b"Content-Length: " + str(len(_PAGE)).encode() + b"\r\nConnection: close\r\n\r\n" + _PAGE)


class _Middleman(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host, port, serve):
        handler = type("Handler", (socketserver.BaseRequestHandler,), {"handle": lambda it: serve(it.request)})
        super().__init__((host, port), handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *_):
        """A peer that goes in mid-sentence is no news."""

    def stop(self):
        self.shutdown()
        self.server_close()


class Portal(_Middleman):
    """A web server on a mail port: answers whatever comes first, or, where it is `hasty`, who says nothing."""

    def __init__(self, host, port, hasty=False):
        self.heard = []
        self._hasty = hasty
        super().__init__(host, port, self._serve)

    def _serve(self, client):
        if not self._hasty:
            self.heard.append(client.recv(65536))
        client.sendall(_ANSWER)
        client.shutdown(socket.SHUT_WR)
        self.heard.append(client.recv(65536))


class _Proxy(_Middleman):
    """`login` is (user, password), or None; `wanted` are the targets that were asked for by who may."""

    def __init__(self, host, port, login=None):
        self.login, self.wanted, self.refused = login, [], 0
        super().__init__(host, port, self._serve)

    def _serve(self, client):
        target = self.agree(client)
        if target is None:
            self.refused += 1
            return
        self.wanted.append(target)
        try:
            with socket.create_connection(target, 5) as server:
                server.settimeout(None)
                self.accept(client)
                back = threading.Thread(target=_copy, args=(server, client), daemon=True)
                back.start()
                _copy(client, server)
                back.join()
        except OSError:
            self.fail(client)


class ConnectProxy(_Proxy):
    def agree(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += _some(client, 65536)
        lines = head.decode("ascii").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        verb, target, _ = lines[0].split(" ")
        given = base64.b64encode(":".join(self.login).encode()).decode() if self.login else None
        if given and fields.get("proxy-authorization") != f"Basic {given}":
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n"
                           b"Content-Length: 0\r\n\r\n")
            return None
        host, _, port = target.rpartition(":")
        return (host.strip("[]"), int(port)) if verb == "CONNECT" else None

    def accept(self, client):
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

    def fail(self, client):
        client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


class SocksProxy(_Proxy):
    def agree(self, client):
        _, count = _exactly(client, 2)
        methods = _exactly(client, count)
        wanted = 2 if self.login else 0
        if wanted not in methods:
            client.sendall(b"\x05\xff")
            return None
        client.sendall(bytes((5, wanted)))
        if self.login:
            user = _exactly(client, _exactly(client, 2)[1])
            password = _exactly(client, _exactly(client, 1)[0])
            good = (user.decode(), password.decode()) == self.login
            client.sendall(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                return None
        kind = _exactly(client, 4)[3]
        if kind == 3:
            host = _exactly(client, _exactly(client, 1)[0]).decode()
        else:
            family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
            host = socket.inet_ntop(family, _exactly(client, size))
        return host, struct.unpack("!H", _exactly(client, 2))[0]

    def accept(self, client):
        client.sendall(b"\x05\x00\x00\x01" + bytes(6))

    def fail(self, client):
        client.sendall(b"\x05\x05\x00\x01" + bytes(6))


def _some(peer, most):
    data = peer.recv(most)
    if not data:
        raise ConnectionError("gone")
    return data


def _exactly(peer, size):
    data = b""
    while len(data) < size:
        data += _some(peer, size - len(data))
    return data


def _copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
