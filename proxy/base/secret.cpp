#include "proxy/base/secret.hpp"

#include <cstring>
#include <utility>

namespace homeward {

Secret::Secret(std::string&& plain) : bytes_(plain.begin(), plain.end()) {
  homeward::wipe(plain);
}

Secret::Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::exchange(other.bytes_, {});
  }
  return *this;
}

Secret::~Secret() {
  wipe();
}

Secret Secret::clone() const {
  Secret copy;
  copy.bytes_ = bytes_;
  return copy;
}

void Secret::wipe() {
  // explicit_bzero is the one form that the optimiser may not drop.
  if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
  bytes_.clear();
}

void wipe(std::string& text) {
  text.resize(text.capacity());
  if (!text.empty()) explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace homeward
