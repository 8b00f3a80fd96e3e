"""A message's fields and body, as homeward's rules have them (docs/decisions.md), read in another way than homeward does.
"""
import email.header
import email.utils
import re

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")


class Message:
    """Of octets whose lines end in CR LF."""

    def __init__(self, content):
        self.fields = []  # pairs of a name in lower case and the whole field, last line end included
        self.is_broken = False  # its header ended at a line that is no field
        lines = re.findall(rb"[^\n]*\n|[^\n]+$", content)
        place = 0
        self.mbox_line = bool(lines) and re.match(rb">*From ", lines[0]) is not None and not _FIELD.match(lines[0])
        if self.mbox_line:
            place = 1
        while place < len(lines):
            line = lines[place]
            if line[:1] in (b" ", b"\t") and self.fields:
                self.fields[-1] = (self.fields[-1][0], self.fields[-1][1] + line)
            elif found := _FIELD.match(line):
                self.fields.append((found.group(1).decode("ascii").lower(), line))
            else:
                self.is_broken = line != b"\r\n"
                break
            place += 1
        self.ends_bare = place >= len(lines)  # no empty line ends it: there is no body
        self.names = [name for name, _ in self.fields]
        self.body = b"".join(lines[place:] if self.is_broken else lines[place + 1:])

    def all(self, *names):
        return [text for name, text in self.fields if name in names]

    def without(self, *names):
        return [text for name, text in self.fields if name not in names]


def value(field):
    return field[field.index(b":") + 1:]


def decoded(text):
    """Encoded-words as what they mean; neighbours are one (RFC 2047 section 6.2)."""
    return str(email.header.make_header(email.header.decode_header(text)))


def mailboxes(field):
    """(name, address) of each, the name decoded or None."""
    text = re.sub(r"\r\n", "", value(field).decode("utf-8", "surrogateescape"))
    text = re.sub(r"<@[^:>]*:", "<", text)
    return [(decoded(name) or None, address) for name, address in email.utils.getaddresses([text])]
