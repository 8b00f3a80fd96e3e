// A message of scripts/bench that can be told from all others and checked wherever it arrives. Its first
// field
//   X-Bench: ID OCTETS SHA256
// speaks of everything behind that line, so what a proxy puts in front of it (Received) changes nothing. Made
// by bench_load, checked by bench_upstream.
#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

/// SHA-256 of what it is fed.
class Digest {
 public:
  Digest();
  void feed(std::string_view octets);
  std::string hex();  ///< ends it

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

struct Letter {
  std::string id;
  std::string wire;  ///< dot-stuffed, the last dot included (RFC 5321 §4.5.2)
};

/// About so many octets of content, like no other's. `id` holds letters, digits and dots.
Letter make_letter(std::string id, std::size_t octets);

/// The recipient of that message; it tells the upstream the id before the content comes.
std::string recipient_of(std::string_view id);
/// The id in such a recipient; empty in any other.
std::string id_in(std::string_view recipient);

/// Takes content, dots unstuffed, in blocks of any size.
class Checker {
 public:
  enum class State { whole, altered, unmarked };
  struct Verdict {
    State state = State::unmarked;
    std::string id;
  };
  void feed(std::string_view content);
  Verdict finish();

 private:
  bool find_mark();

  static constexpr std::size_t kMostHead = 64 << 10;  // octets in front of the mark
  std::string head_;
  bool marked_ = false;
  std::string id_, sha256_;
  std::size_t announced_ = 0, octets_ = 0;
  Digest digest_;
};

}  // namespace bench
