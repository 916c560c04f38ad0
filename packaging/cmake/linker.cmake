# How the program is linked, and the quickest linker for everything else.
#
# Release: third-party libraries and libstdc++ inside, glibc shared; LTO; unused sections dropped.
find_program(MQZ_CCACHE ccache)
mark_as_advanced(MQZ_CCACHE)
if(MQZ_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MQZ_CCACHE})
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT MQZ_SANITIZE)
  include(CheckIPOSupported)
  check_ipo_supported(RESULT MQZ_LTO OUTPUT MQZ_LTO_ANSWER LANGUAGES CXX)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${MQZ_LTO})
  add_compile_options(-ffunction-sections -fdata-sections)
  add_link_options(-Wl,--gc-sections)
else()
  # lld cannot read g++'s LTO objects, and its sanitized links are no quicker.
  find_program(MQZ_LLD ld.lld)
  find_program(MQZ_MOLD mold)
  mark_as_advanced(MQZ_LLD MQZ_MOLD)
  if(MQZ_LLD AND NOT MQZ_SANITIZE)
    add_link_options(-fuse-ld=lld)
  elseif(MQZ_MOLD)
    add_link_options(-fuse-ld=mold)
  endif()
endif()

# For the program alone: tests and sanitizers want the shared libstdc++.
function(mqz_link_program target)
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT MQZ_SANITIZE)
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()

# Nothing shared at all. Plain -static would make the first C++ exception cost milliseconds.
function(mqz_link_static target)
  target_link_options(${target} PRIVATE -static-pie)
endfunction()
