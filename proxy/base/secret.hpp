// Secret: the one type that holds passwords and tokens. It is wiped when it goes, can't be copied by
// accident, printed, formatted or compared with text. Whoever needs the bytes says reveal(), and that
// word is what a reviewer searches for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace homeward {

class Secret {
 public:
  Secret() = default;
  /// Takes the bytes and wipes the string they came in.
  explicit Secret(std::string&& plain);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  /// A second owner of the same bytes, where two lifetimes are needed.
  Secret clone() const;

  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }
  /// The bytes themselves; never to be stored, logged or sent outside verified TLS.
  std::string_view reveal() const { return {bytes_.data(), bytes_.size()}; }

 private:
  void wipe();
  std::vector<char> bytes_;
};

/// Overwrites the memory of a string that held a secret in passing, then empties it.
void wipe(std::string& text);

}  // namespace homeward
