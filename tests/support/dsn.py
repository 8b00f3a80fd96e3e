"""Delivery status notifications taken apart, as a mail program would. RFC 3462, RFC 3464."""
import email

from hw import expect


class Report:
    """The report in these octets. `words` is the part for people; `message` and `recipients` are the fields of the
    machine's part; `original` is the header that was returned."""

    def __init__(self, octets):
        self.header = email.message_from_bytes(octets)
        expect(self.header.get_content_type(), "multipart/report", "type of a report")
        expect(self.header.get_param("report-type"), "delivery-status", "its report-type")
        words, status, header = self.header.get_payload()
        expect([part.get_content_type() for part in (words, status, header)],
               ["text/plain", "message/delivery-status", "text/rfc822-headers"], "parts of a report")
        self.words = words.get_payload(decode=True).decode()
        self.message, *self.recipients = status.get_payload()
        self.original = email.message_from_bytes(header.get_payload(decode=True))
