// Catch2 in either of the versions that distributions ship: 2 (one header) or 3.
#pragma once

#ifdef HOMEWARD_CATCH3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
