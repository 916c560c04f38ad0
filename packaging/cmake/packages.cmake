# Everything that is not ours comes from Debian packages. What is missing is listed at once, with
# the command that installs it, before anything is compiled.
#
# mqz_need(PACKAGE header-or-file...): PACKAGE is installed if every one of the files is found.
set(MQZ_MISSING_PACKAGES "")
macro(mqz_need package)
  foreach(wanted ${ARGN})
    string(MAKE_C_IDENTIFIER "MQZ_HAS_${wanted}" found)
    if(wanted MATCHES "\\.a$")
      find_library(${found} NAMES ${wanted})
    else()
      find_path(${found} NAMES ${wanted})
    endif()
    mark_as_advanced(${found})
    if(NOT ${found})
      list(APPEND MQZ_MISSING_PACKAGES ${package})
    endif()
  endforeach()
endmacro()

mqz_need(libcli11-dev CLI/CLI.hpp)
mqz_need(libexpected-dev tl/expected.hpp)
mqz_need(libfmt-dev fmt/format.h)
mqz_need(libhiredis-dev hiredis/hiredis.h libhiredis.a)
mqz_need(libpaho-mqtt-dev MQTTAsync.h libpaho-mqtt3a.a)
mqz_need(libtomlplusplus-dev toml++/toml.h)
mqz_need(libxxhash-dev xxhash.h)
mqz_need(nlohmann-json3-dev nlohmann/json.hpp)
mqz_need(robin-map-dev tsl/robin_map.h)
if(MQZ_TESTS)
  mqz_need(catch2 catch2/catch.hpp)
endif()

if(MQZ_MISSING_PACKAGES)
  list(REMOVE_DUPLICATES MQZ_MISSING_PACKAGES)
  list(JOIN MQZ_MISSING_PACKAGES " " names)
  message(FATAL_ERROR "missing Debian packages: ${names}\n"
                      "  sudo apt-get install ${names}\n"
                      "or let packaging/install-deps do it")
endif()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(tsl-robin-map REQUIRED)

# The packages' own CMake files name the shared libraries (Paho) or are broken (hiredis).
add_library(mqz_hiredis INTERFACE)
target_link_libraries(mqz_hiredis INTERFACE ${MQZ_HAS_libhiredis_a})
add_library(mqz_paho INTERFACE)
target_link_libraries(mqz_paho INTERFACE ${MQZ_HAS_libpaho_mqtt3a_a} Threads::Threads)
