# Compiler, language level, warnings and hardening, the same for every room.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  message(FATAL_ERROR "gcc ${CMAKE_CXX_COMPILER_VERSION} miscompiles Asio coroutines (temporaries in an "
                      "expression with co_await are destroyed twice). Use clang 19 (scripts/build does) or gcc 14.")
endif()

set(HOMEWARD_SANITIZE "" CACHE STRING "Sanitizers, as given to -fsanitize= (address,undefined or thread)")

find_program(HOMEWARD_CCACHE ccache)
if(HOMEWARD_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${HOMEWARD_CCACHE})
endif()

find_program(HOMEWARD_LLD ld.lld-19)
if(HOMEWARD_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
                    -Wconversion -Wno-sign-conversion -Werror)
add_compile_options(-fstack-protector-strong -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
add_link_options(-Wl,-z,relro,-z,now)
include(CheckPIESupported)
check_pie_supported()

if(HOMEWARD_SANITIZE)
  add_compile_options(-fsanitize=${HOMEWARD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HOMEWARD_SANITIZE})
  if(HOMEWARD_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # gcc warns of Asio's fences
  endif()
else()
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
