"""Random messages of all sorts that clients send, sane and broken, and what is known of each. The same seed makes the
same messages. RFC 5322 section 4 (obsolete syntax), RFC 2045.
"""
import base64
import random

FIRST = ("Ann", "Bob", "Jörg", "Zoë", "Renée", "Iñaki", "李", "Ольга")
LAST = ("Smith", "Müller", "O'Hara", "von Neumann", "Løvås", "Nguyễn", "García")
WORDS = ("invoice", "meeting", "the", "of", "Größe", "scan", "attached", "please", "déjà", "0815", "x" * 60, "->",
         "=3D")


class Mail:
    """One message as a client sends it, and what went into it."""

    def __init__(self, content, kind, authors=None, has_one_from=True):
        self.content = content            # lines end in CR LF, or in LF alone where the client is sloppy
        self.kind = kind
        self.authors = authors            # of From: pairs of a name (or None) and an address; None where it is broken
        self.has_one_from = has_one_from

    @property
    def mended(self):
        """As it is once its last line has been ended and all line ends are CR LF."""
        text = self.content if self.content.endswith(b"\r\n") or not self.content else self.content + b"\r\n"
        return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def encoded_word(text, dice):
    if dice.random() < 0.5:
        return "=?UTF-8?B?" + base64.b64encode(text.encode()).decode() + "?="
    quoted = "".join(chr(o) if chr(o).isalnum() and o < 128 else "_" if o == 32 else f"={o:02X}" for o in text.encode())
    return f"=?utf-8?q?{quoted}?="


def display_name(dice):
    """As it is written, and as it is meant."""
    name = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
    if dice.random() < 0.2:
        return f'"{name}, Dr. (\\"x\\")"', f'{name}, Dr. ("x")'
    if name.isascii():
        return (name, name) if dice.random() < 0.5 else (f'"{name}"', name)
    if dice.random() < 0.2:
        return name, name  # raw UTF-8, as old programs send it
    return encoded_word(name, dice), name


def address(dice, own):
    if dice.random() < 0.4:
        return dice.choice(own)
    name, domain = ("bob", "a.b-c", "x+tag", "scanner", "0"), ("lan.test", "Other.TEST", "a.b.c.test")
    return f"{dice.choice(name)}@{dice.choice(domain)}"


def from_value(dice, own):
    """A From field's value, and its authors."""
    roll = dice.random()
    if roll < 0.25:
        one = address(dice, own)
        return f" {one}", [(None, one)]
    if roll < 0.75:
        (written, meant), one = display_name(dice), address(dice, own)
        gap = dice.choice((" ", "", "\r\n ", " \r\n\t", "  "))
        if gap == "" and not written.endswith('"'):
            gap = " "
        tail = dice.choice(("", "", "", " (at home)", "\r\n (folded \\) comment)"))
        return f" {written}{gap}<{one}>{tail}", [(meant, one)]
    if roll < 0.8:
        one = address(dice, own)
        return f" {one} (Bob (the builder))", [("Bob the builder", one)]
    if roll < 0.85:
        one = address(dice, own)
        return f"<@relay.test,@x.test:{one}>", [(None, one)]
    several = [(display_name(dice), address(dice, own)) for _ in range(dice.randint(2, 4))]
    text = ",\r\n ".join(f"{written} <{one}>" for (written, _), one in several)
    return f" {text}", [(meant, one) for (_, meant), one in several]


def words(dice, most):
    return " ".join(dice.choice(WORDS) for _ in range(dice.randint(0, most)))


def unstructured(dice):
    roll = dice.random()
    if roll < 0.3:
        return " " + words(dice, 8).encode("ascii", "ignore").decode().strip()
    if roll < 0.5:
        return " " + encoded_word(words(dice, 5), dice)
    if roll < 0.7:
        return " " + "\r\n\t ".join(words(dice, 4) + "." for _ in range(dice.randint(2, 6)))
    if roll < 0.8:
        return " " + "y" * dice.randint(500, 985)
    if roll < 0.9:
        return "".join(dice.choice(("  ", "\t", "a", ";", ":", "\r\n \t x")) for _ in range(dice.randint(1, 12)))
    return " " + words(dice, 6)


def field_name(dice, name):
    roll = dice.random()
    name = name if roll < 0.7 else name.upper() if roll < 0.85 else name.lower()
    return name + dice.choice(("",) * 9 + (" ", "\t"))


def header_lines(dice, own):
    """Lists of (name, value), and the authors."""
    value, authors = from_value(dice, own)
    fields = [("From", value), ("To", " someone@example.org"), ("Subject", unstructured(dice))]
    if dice.random() < 0.85:
        fields.append(("Date", " Tue, 24 Nov 2026 08:00:00 +0100"))
    if dice.random() < 0.85:
        fields.append(("Message-ID", f" <{dice.getrandbits(64):x}@lan.test>"))
    for name, chance, text in (("Bcc", 0.2, " secret@hidden.test,\r\n other@hidden.test"), ("Resent-Bcc", 0.05, " s@hidden.test"),
                               ("Sender", 0.15, f" {address(dice, own)}"), ("Reply-To", 0.2, " Answers <reply@lan.test>"),
                               ("Cc", 0.2, " A: b@x.test, c@x.test;, d@x.test"), ("Resent-From", 0.1, " bob@lan.test"),
                               ("DKIM-Signature", 0.1, " v=1; a=rsa-sha256; d=lan.test; s=s;\r\n\th=From:Subject; bh=x; b=y")):
        if dice.random() < chance:
            fields.append((name, text))
    for _ in range(dice.randint(0, 6)):
        fields.append((f"X-{dice.choice(('Odd', 'List-Id', 'a', '!#$%', 'Spam_Score'))}", unstructured(dice)))
    dice.shuffle(fields)
    for _ in range(dice.randint(0, 3)):
        fields.insert(0, ("Received", " from a.test by b.test\r\n\twith ESMTP; Tue, 24 Nov 2026 07:00:00 +0000"))
    return fields, authors


def body_line(dice):
    roll = dice.random()
    if roll < 0.15:
        return "." * dice.randint(1, 4) + words(dice, 2)
    if roll < 0.25:
        return dice.choice(("", " ", "\t", "From bob", "Bcc: not@a.field", "From: not@a.field", "--x", "-- "))
    if roll < 0.3:
        return "z" * dice.randint(900, 4000)
    return words(dice, 12)


def body(dice):
    """Octets; a text, or parts."""
    lines = [body_line(dice) for _ in range(dice.randint(0, 40))]
    text = "\r\n".join(lines).encode("utf-8" if dice.random() < 0.6 else "latin-1", "replace")
    if dice.random() < 0.3:
        text += bytes(o for o in dice.randbytes(dice.randint(1, 3000)) if o not in (0, 13))
    return text


def mime(dice, depth=0):
    """Fields and a body."""
    roll = dice.random()
    if roll < 0.5 or depth > 2:
        return [("Content-Type", f" text/plain;\r\n charset={dice.choice(('utf-8', 'iso-8859-1'))}"),
                ("Content-Transfer-Encoding", " 8bit")], body(dice)
    if roll < 0.65:
        data = base64.encodebytes(dice.randbytes(dice.randint(10, 8000))).replace(b"\n", b"\r\n")
        return [("Content-Type", ' application/pdf; name="scan.pdf"'), ("Content-Transfer-Encoding", " base64")], data
    boundary = f"=_{dice.getrandbits(48):x}"
    subtype = dice.choice(("mixed", "alternative", "related", 'signed; protocol="application/pgp-signature"; micalg=pgp-sha256'))
    parts = []
    for _ in range(dice.randint(1, 3)):
        fields, inner = mime(dice, depth + 1)
        head = b"".join(f"{name}:{value}\r\n".encode() for name, value in fields)
        parts.append(b"--" + boundary.encode() + b"\r\n" + head + b"\r\n" + inner + b"\r\n")
    return [("Content-Type", f' multipart/{subtype};\r\n\tboundary="{boundary}"')], \
        b"preamble\r\n" + b"".join(parts) + b"--" + boundary.encode() + b"--\r\nepilogue"


def joined(fields, dice):
    return b"".join(f"{field_name(dice, name)}:{value}\r\n".encode() for name, value in fields)


def break_header(header, text, dice):
    """A broken message made of a sound one: its octets and what is broken."""
    line = header.index(b"\r\n", header.index(b":")) + 2
    while header[line:line + 1] in (b" ", b"\t"):
        line = header.index(b"\r\n", line) + 2
    kind = dice.choice(("no header", "no body", "no empty line", "line in the middle", "mbox line", "empty line first",
                        "fold first", "8-bit name", "blank in name", "two From", "empty From", "broken From", "no From"))
    others = header.replace(b"\r\nFrom", b"\r\nX-Was").replace(b"\r\nFROM", b"\r\nX-Was").replace(b"\r\nfrom", b"\r\nx-was")
    made = {"no header": text or b"x", "no body": header, "no empty line": header + b"!no field\xff\r\n" + text,
            "line in the middle": header[:line] + b"this is no field\r\n" + header[line:] + b"\r\n" + text,
            "mbox line": b"From bob@lan.test Tue Nov 24 08:00:00 2026\r\n" + header + b"\r\n" + text,
            "empty line first": b"\r\n" + header + b"\r\n" + text, "fold first": b" folded: x\r\n" + header + b"\r\n" + text,
            "8-bit name": header + b"X-\xe4: x\r\nTo: y@x.test\r\n\r\n" + text,
            "blank in name": header[:line] + b"X Y: z\r\n" + header[line:] + b"\r\n" + text,
            "two From": header + b"From: Second <second@lan.test>\r\n\r\n" + text,
            "empty From": b"X-First: 1\r\nFrom:" + dice.choice((b"", b" ", b" <>", b" Ann <>")) + b"\r\n" + others[line:] + b"\r\n" + text,
            "broken From": b"From: \"Ann <ann@\r\n" + others[line:] + b"\r\n" + text,
            "no From": b"X-First: 1\r\n" + others[line:] + b"\r\n" + text}
    return made[kind], kind


def random_mail(seed, own):
    """`own` are the addresses of the account that it goes through."""
    dice = random.Random(seed)
    fields, authors = header_lines(dice, own)
    if dice.random() < 0.8:
        more, text = mime(dice)
        fields += [("MIME-Version", " 1.0"), *more]
    else:
        text = body(dice)
    header = joined(fields, dice)
    kind, content = "sound", header + b"\r\n" + text
    if dice.random() < 0.15:
        content, kind = break_header(header, text, dice)
        authors = None
    if dice.random() < 0.1:  # line ends of a client that knows no better, in all lines or in some
        content = b"".join(line + (b"\n" if dice.random() < 0.7 else b"\r\n") for line in content.split(b"\r\n"))
    return Mail(content, kind, authors, kind != "two From")
