# A room is a folder of src/ and one target. All rooms but the command end in one shared library, libampload,
# which the command, the tests and plugins link.
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)
find_package(Threads REQUIRED)
if(BUILD_TESTING)
  find_package(GTest REQUIRED)
endif()

add_library(ampload_settings INTERFACE)
target_include_directories(ampload_settings INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src>
  $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/generated>)
# OpenSSL stands before Arrow: the wheel's libparquet shows an OpenSSL of its own to all, and the libraries of
# the system would find theirs half there and half here.
target_link_libraries(ampload_settings INTERFACE OpenSSL::Crypto ampload_arrow spdlog::spdlog fmt::fmt
  nlohmann_json::nlohmann_json Threads::Threads ${CMAKE_DL_LIBS})

# The precompiled header: compiled once, reused by every target.
file(WRITE ${CMAKE_BINARY_DIR}/generated/pch.cc "// carries the precompiled header\n")
add_library(ampload_pch OBJECT ${CMAKE_BINARY_DIR}/generated/pch.cc)
target_link_libraries(ampload_pch PRIVATE ampload_settings)
target_precompile_headers(ampload_pch PRIVATE
  <arrow/api.h> <arrow/compute/api.h> <algorithm> <chrono> <functional> <map> <memory> <optional> <set>
  <span> <string> <string_view> <unordered_map> <variant> <vector>)

define_property(GLOBAL PROPERTY AMPLOAD_ROOMS)

# ampload_room(NAME [DEPENDS target...])  from every .cc below the current folder that is no test
function(ampload_room name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cc *.h)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS *_test.cc)
  list(REMOVE_ITEM sources ${tests} "")
  add_library(ampload_${name} OBJECT ${sources})
  if(NOT sources)
    target_sources(ampload_${name} PRIVATE ${CMAKE_BINARY_DIR}/generated/pch.cc)
  endif()
  set_target_properties(ampload_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(ampload_${name} PRIVATE ampload_settings ${ARG_DEPENDS})
  target_precompile_headers(ampload_${name} REUSE_FROM ampload_pch)
  set_property(GLOBAL APPEND PROPERTY AMPLOAD_ROOMS ampload_${name})
  set_property(GLOBAL APPEND PROPERTY AMPLOAD_ROOM_LIBRARIES ${ARG_DEPENDS})
  if(BUILD_TESTING AND tests)
    ampload_test(${name} ${tests})
  endif()
endfunction()

# ampload_test(NAME SOURCE... [LABELS label...])  one gtest program, run by ctest as NAME
#
# The label `heavy` puts a test into the tiers that run in build/ci; all others are unit tests and run in
# build/dev, see tools/test.
function(ampload_test name)
  cmake_parse_arguments(ARG "" "" "LABELS" ${ARGN})
  add_executable(test_${name} ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE ampload_settings ampload_shared GTest::gtest GTest::gmock
    GTest::gtest_main)
  target_precompile_headers(test_${name} REUSE_FROM ampload_pch)
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600
    LABELS "${ARG_LABELS}"
    ENVIRONMENT "ARROW_DEFAULT_MEMORY_POOL=system;AMPLOAD_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  if(AMPLOAD_HEAVY_ONLY AND NOT "heavy" IN_LIST ARG_LABELS)
    set_target_properties(test_${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()

# For src/loaders/<name>/CMakeLists.txt.
#   ampload_loader(NAME [DEPENDS target...])      build it; it defines `ampload::<name>::Descriptor()`
#   ampload_loader_missing(NAME "reason")         leave it out and say so
function(ampload_loader name)
  ampload_room(loader_${name} ${ARGN})
  set_property(GLOBAL APPEND PROPERTY AMPLOAD_LOADERS ${name})
endfunction()
function(ampload_loader_missing name reason)
  message(STATUS "loader ${name}: left out: ${reason}")
  set_property(GLOBAL APPEND PROPERTY AMPLOAD_LOADERS_MISSING "${name}|${reason}")
endfunction()
