# `cmake --install` gives a tree that can be moved: every path in it is relative to the file that names it.
#
#   bin/ampload                       finds lib/ by $ORIGIN
#   lib/libampload.so*
#   lib/ampload/                      Arrow's libraries, where they come from the wheel
#   lib/ampload/loaders/              plugins put here are found
#   lib/ampload/arrow-include/        Arrow's headers, of the very version that libampload was built with
#   include/ampload/                  the public headers
#   bin/ampload-conformance           tests a loader
#   lib/libampload_conformance.so*    what it and a loader's test config link
#   lib/cmake/ampload/                find_package(ampload) -> ampload::ampload, ampload_add_loader
#
# Debian's shared libraries (fmt, spdlog, OpenSSL, and the stores' clients) are not carried along.
include(CMakePackageConfigHelpers)

set(private_folder ${CMAKE_INSTALL_LIBDIR}/ampload)
file(RELATIVE_PATH bin_to_lib /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
set_target_properties(ampload PROPERTIES
  INSTALL_RPATH "$ORIGIN/${bin_to_lib};$ORIGIN/${bin_to_lib}/ampload")
set_target_properties(ampload_shared PROPERTIES INSTALL_RPATH "$ORIGIN;$ORIGIN/ampload")

install(TARGETS ampload RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS ampload_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/ampload DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY DESTINATION ${private_folder}/loaders)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(DIRECTORY examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples PATTERN build EXCLUDE)

if(AMPLOAD_ARROW_ORIGIN STREQUAL wheel)
  install(PROGRAMS ${AMPLOAD_ARROW_LIBRARIES} DESTINATION ${private_folder})
  install(DIRECTORY ${AMPLOAD_PYARROW}/include/ DESTINATION ${private_folder}/arrow-include
          FILES_MATCHING PATTERN "*.h" PATTERN "arrow/python" EXCLUDE)
  file(GLOB licences ${AMPLOAD_PYARROW}/../pyarrow-*.dist-info/licenses/*.txt)
  install(FILES ${licences} DESTINATION ${CMAKE_INSTALL_DOCDIR}/arrow)
endif()

# One text, two CMake packages: the install's, whose places move with it, and the build tree's, for
# `cmake -DCMAKE_PREFIX_PATH=build/ci`.
set(AMPLOAD_PACKAGE_PLACES "\
set(_ampload_bin \"\${PACKAGE_PREFIX_DIR}/${CMAKE_INSTALL_BINDIR}\")
set(_ampload_lib \"\${PACKAGE_PREFIX_DIR}/${CMAKE_INSTALL_LIBDIR}\")
set(_ampload_include \"\${PACKAGE_PREFIX_DIR}/${CMAKE_INSTALL_INCLUDEDIR}\")
set(_ampload_arrow_lib \"\${_ampload_lib}/ampload\")
set(_ampload_arrow_include \"\${_ampload_lib}/ampload/arrow-include\")")
configure_package_config_file(cmake/amploadConfig.cmake.in ${CMAKE_BINARY_DIR}/package/amploadConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ampload)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/amploadConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/amploadConfig.cmake
  ${CMAKE_BINARY_DIR}/package/amploadConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ampload)

set(PACKAGE_INIT "macro(check_required_components)\nendmacro()")
set(AMPLOAD_PACKAGE_PLACES "\
set(_ampload_bin \"${CMAKE_BINARY_DIR}/bin\")
set(_ampload_lib \"${CMAKE_BINARY_DIR}/lib\")
set(_ampload_include \"${CMAKE_SOURCE_DIR}/include\")
set(_ampload_arrow_lib \"${AMPLOAD_PYARROW}\")
set(_ampload_arrow_include \"${AMPLOAD_PYARROW}/include\")")
configure_file(cmake/amploadConfig.cmake.in ${CMAKE_BINARY_DIR}/amploadConfig.cmake @ONLY)
configure_file(${CMAKE_BINARY_DIR}/package/amploadConfigVersion.cmake
  ${CMAKE_BINARY_DIR}/amploadConfigVersion.cmake COPYONLY)
