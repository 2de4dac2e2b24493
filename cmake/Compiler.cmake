# One set of flags for every target, so that they can share one precompiled header.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache handles a precompiled header only with these, see its manual, "Precompiled headers".
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
  add_compile_options(-fpch-preprocess)
endif()

add_compile_options(-fPIC -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wno-sign-conversion
                    -Wnon-virtual-dtor -Woverloaded-virtual -fno-omit-frame-pointer)
# Debug information is what makes linking slow; line tables are enough for a backtrace.
add_compile_options($<$<CONFIG:Debug>:-g1> $<$<CONFIG:Debug>:-O1>)
# g++ 12 sees overlaps and overflows in std::string where there are none (GCC bugs 105329, 105651); ASan looks
# for the real ones.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  foreach(flag restrict stringop-overflow array-bounds)
    add_compile_options($<$<CONFIG:Release>:-Wno-${flag}>)
  endforeach()
endif()

if(AMPLOAD_FAULT_POINTS)
  add_compile_definitions(AMPLOAD_FAULT_POINTS)
endif()
if(AMPLOAD_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
endif()
