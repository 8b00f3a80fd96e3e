// What is read of signatures, to say which of them a change breaks. RFC 6376 §3.5, RFC 8551 §3.5, RFC 3156
// §5.
#include "proxy/mail/signature_fields.hpp"

#include "tests/support/catch.hpp"

namespace homeward::mail {
namespace {

using Kind = SignatureNote::Kind;

TEST_CASE("signatures: a DKIM field tells its domain and what it covers") {
  const auto note = read_dkim_signature(
      " v=1; a=rsa-sha256; d=Lan.Test;\r\n\th=From : To:\r\n\t from:SUBJECT; bh=d=x; b=h=y");
  REQUIRE(note);
  CHECK(note->kind == Kind::dkim);
  CHECK(note->domain == "lan.test");
  CHECK(note->covers == std::vector<std::string>{"from", "to", "subject"});
  CHECK(note->broken.empty());
}

TEST_CASE("signatures: a DKIM field that names no fields is none") {
  CHECK_FALSE(read_dkim_signature(GENERATE("", " v=1; d=x.test", " h=; d=x.test", ";;;")));
}

TEST_CASE("signatures: what is signed as a whole is known by its Content-Type") {
  struct Case {
    std::string_view type;
    std::optional<Kind> kind;
  };
  const auto c = GENERATE(
      Case{" multipart/signed; protocol=\"application/pkcs7-signature\"", Kind::smime},
      Case{"Multipart/Signed;\r\n\tmicalg=pgp-sha512; protocol=\"application/PGP-signature\"", Kind::pgp},
      Case{" application/pkcs7-mime; smime-type=signed-data", Kind::smime},
      Case{" application/x-pkcs7-mime; name=smime.p7m", Kind::smime},
      Case{" application/pkcs7-mime; smime-type=enveloped-data", std::nullopt},
      Case{" text/plain; x=\"multipart/signed\"", std::nullopt}, Case{"", std::nullopt});
  CAPTURE(c.type);
  const auto note = read_content_type(c.type);
  CHECK(note.has_value() == c.kind.has_value());
  if (note && c.kind) CHECK(note->kind == *c.kind);
}

}  // namespace
}  // namespace homeward::mail
