# The target `ampload_arrow`: Arrow C++ with Parquet, Dataset, Acero, Compute and Flight.
#
# An installed Arrow of the right major version is taken first; else the libraries and headers inside the
# pyarrow wheel of AMPLOAD_VENV. AMPLOAD_ARROW_LIBRARIES lists the files that an install carries along.
set(AMPLOAD_ARROW_MAJOR 26)
add_library(ampload_arrow INTERFACE)
set(AMPLOAD_ARROW_LIBRARIES)

find_package(Arrow ${AMPLOAD_ARROW_MAJOR} CONFIG QUIET)
if(Arrow_FOUND)
  set(AMPLOAD_ARROW_ORIGIN installed)
  foreach(component ArrowCompute ArrowAcero ArrowDataset ArrowFlight Parquet)
    find_package(${component} ${AMPLOAD_ARROW_MAJOR} CONFIG REQUIRED)
  endforeach()
  target_link_libraries(ampload_arrow INTERFACE Arrow::arrow_shared ArrowCompute::arrow_compute_shared
    ArrowAcero::arrow_acero_shared ArrowDataset::arrow_dataset_shared
    ArrowFlight::arrow_flight_shared Parquet::parquet_shared)
else()
  set(AMPLOAD_ARROW_ORIGIN wheel)
  file(GLOB AMPLOAD_PYARROW ${AMPLOAD_VENV}/lib/python3*/site-packages/pyarrow)
  if(NOT AMPLOAD_PYARROW)
    message(FATAL_ERROR "Arrow ${AMPLOAD_ARROW_MAJOR} not found: no installed CMake package, no pyarrow wheel in "
                        "${AMPLOAD_VENV}. Run `make setup` first.")
  endif()
  file(STRINGS ${AMPLOAD_PYARROW}/include/arrow/util/config.h arrow_major REGEX "define ARROW_VERSION_MAJOR")
  string(REGEX REPLACE "[^0-9]" "" arrow_major "${arrow_major}")
  if(NOT arrow_major EQUAL AMPLOAD_ARROW_MAJOR)
    message(FATAL_ERROR "the wheel in ${AMPLOAD_VENV} has Arrow ${arrow_major}, ampload wants "
                        "${AMPLOAD_ARROW_MAJOR}. Run `make setup`.")
  endif()
  foreach(name arrow arrow_compute arrow_acero arrow_dataset arrow_flight parquet)
    set(file ${AMPLOAD_PYARROW}/lib${name}.so.${AMPLOAD_ARROW_MAJOR}00)
    add_library(ampload_wheel_${name} SHARED IMPORTED GLOBAL)
    set_target_properties(ampload_wheel_${name} PROPERTIES IMPORTED_LOCATION ${file}
      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${AMPLOAD_PYARROW}/include)
    target_link_libraries(ampload_arrow INTERFACE ampload_wheel_${name})
    list(APPEND AMPLOAD_ARROW_LIBRARIES ${file})
  endforeach()
  target_include_directories(ampload_arrow SYSTEM INTERFACE ${AMPLOAD_PYARROW}/include)
  # Not linked: loaded from beside libarrow when the first s3:// path is seen.
  list(APPEND AMPLOAD_ARROW_LIBRARIES ${AMPLOAD_PYARROW}/libarrow_s3.so.${AMPLOAD_ARROW_MAJOR}00)
endif()
message(STATUS "Arrow: ${AMPLOAD_ARROW_ORIGIN}")
