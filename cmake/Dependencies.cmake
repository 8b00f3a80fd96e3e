# Libraries that homeward uses for what it does not exist for; why each: docs/decisions.md.
set(CMAKE_THREAD_PREFER_PTHREAD ON)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(INIH REQUIRED IMPORTED_TARGET inih)
pkg_check_modules(SASL REQUIRED IMPORTED_TARGET libsasl2)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
find_path(HOMEWARD_BOOST_INCLUDE boost/asio/awaitable.hpp REQUIRED)
find_path(HOMEWARD_CLI11_INCLUDE CLI/CLI.hpp REQUIRED)

# Boost is used header-only; Asio is compiled once, in proxy/net/asio_implementation.cpp.
add_library(homeward_boost INTERFACE)
target_include_directories(homeward_boost SYSTEM INTERFACE ${HOMEWARD_BOOST_INCLUDE})
target_compile_definitions(homeward_boost INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
                                                    BOOST_ASIO_DISABLE_VISIBILITY)
target_link_libraries(homeward_boost INTERFACE Threads::Threads OpenSSL::SSL OpenSSL::Crypto)
