# homeward_room(NAME SOURCES … DEPENDS …): one room of the house as a static library homeward_NAME.
function(homeward_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(homeward_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(homeward_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(homeward_${name} PUBLIC ${ROOM_DEPENDS})
endfunction()
