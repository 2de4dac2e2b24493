# `cmake --install` gives a tree that can be moved: every path in it is relative to the file that names it.
#
#   bin/ampload                       finds lib/ by $ORIGIN
#   lib/libampload.so*
#   lib/ampload/                      Arrow's libraries, where they come from the wheel
#   lib/ampload/loaders/              plugins put here are found
#   lib/ampload/arrow-include/        Arrow's headers, of the very version that libampload was built with
#   include/ampload/                  the public headers
#   lib/cmake/ampload/                find_package(ampload) -> ampload::ampload
#
# Debian's shared libraries (fmt, spdlog, OpenSSL, LMDB) are not carried along.
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

if(AMPLOAD_ARROW_ORIGIN STREQUAL wheel)
  install(PROGRAMS ${AMPLOAD_ARROW_LIBRARIES} DESTINATION ${private_folder})
  install(DIRECTORY ${AMPLOAD_PYARROW}/include/ DESTINATION ${private_folder}/arrow-include
          FILES_MATCHING PATTERN "*.h" PATTERN "arrow/python" EXCLUDE)
  file(GLOB licences ${AMPLOAD_PYARROW}/../pyarrow-*.dist-info/licenses/*.txt)
  install(FILES ${licences} DESTINATION ${CMAKE_INSTALL_DOCDIR}/arrow)
endif()

configure_package_config_file(cmake/amploadConfig.cmake.in ${CMAKE_BINARY_DIR}/amploadConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ampload
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/amploadConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/amploadConfig.cmake ${CMAKE_BINARY_DIR}/amploadConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ampload)
