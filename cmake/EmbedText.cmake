# Run by cmake -P: the text file IN as the function FUNCTION of namespace homeward::conf in the source OUT.
file(READ ${IN} text)
set(mark "homeward-text")
string(FIND "${text}" ")${mark}\"" end)
if(NOT end EQUAL -1)
  message(FATAL_ERROR "${IN} holds the mark that ends a raw string")
endif()
file(WRITE ${OUT}
  "// Made from a data file at build time; not to be edited.\n"
  "#include <string_view>\n\n"
  "// Longer than the 64 KiB that every compiler must take; ours take more.\n"
  "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n\n"
  "namespace homeward::conf {\n\n"
  "std::string_view ${FUNCTION}();\n"
  "std::string_view ${FUNCTION}() {\n  return R\"${mark}(${text})${mark}\";\n}\n\n"
  "}  // namespace homeward::conf\n")
