// Boost.JSON is used header-only; its one place of compilation is here.
#include <boost/json/src.hpp>
