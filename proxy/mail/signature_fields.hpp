// Fields that say that a message is signed: DKIM-Signature, and the Content-Type of S/MIME and PGP/MIME.
// Pure. RFC 6376 §3.5 (d=, h=), RFC 8551 §3.5, RFC 3156 §5. Called by HeaderRewriter.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/mail/header_notes.hpp"

namespace homeward::mail {

/// `value` is what stands behind the colon, folded as it may be. Nothing where no fields are named.
std::optional<SignatureNote> read_dkim_signature(std::string_view value);
/// Nothing where the content is not signed.
std::optional<SignatureNote> read_content_type(std::string_view value);

}  // namespace homeward::mail
