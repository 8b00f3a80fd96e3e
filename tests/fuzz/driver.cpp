// The entry that libFuzzer calls; compiled once per target, which the build names.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  homeward::fuzz::HOMEWARD_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
