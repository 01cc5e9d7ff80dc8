# Every package of the stack, asked for in one place. Site installations win: CMAKE_PREFIX_PATH, environment modules,
# TORCH_HOME, HDF5_ROOT. What ./setup built lies under TEMPER_PREFIX.
include(TemperNeed)
if(NOT TEMPER_PREFIX)
  if(DEFINED ENV{TEMPER_PREFIX})
    set(_prefix "$ENV{TEMPER_PREFIX}")
  elseif(DEFINED ENV{XDG_CACHE_HOME})
    set(_prefix "$ENV{XDG_CACHE_HOME}/temper")
  else()
    set(_prefix "$ENV{HOME}/.cache/temper")
  endif()
  set(TEMPER_PREFIX "${_prefix}" CACHE PATH "where the setup script put what Debian does not carry")
endif()

# What every tier needs: a compiler and three header libraries.
set(_compiler_ok TRUE)
if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 11) OR
   (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14))
  set(_compiler_ok FALSE)
endif()
temper_need("a C++20 compiler" FOUND ${_compiler_ok} DEBIAN g++
  ELSE "GCC 11 or Clang 14 at least: load a newer compiler module, or set CXX.")
find_package(nlohmann_json QUIET)
temper_need("nlohmann-json" FOUND ${nlohmann_json_FOUND} DEBIAN nlohmann-json3-dev
  ELSE "Headers only: unpack it and add its prefix to CMAKE_PREFIX_PATH.")
find_path(TEMPER_TOMLPP_INCLUDE toml++/toml.h)
temper_need("toml++" FOUND ${TEMPER_TOMLPP_INCLUDE} DEBIAN libtomlplusplus-dev
  ELSE "Headers only: unpack it and add its prefix to CMAKE_PREFIX_PATH.")
add_library(temper_toml INTERFACE)   # header-only flavour: no shared library on a login node
target_include_directories(temper_toml SYSTEM INTERFACE "${TEMPER_TOMLPP_INCLUDE}")
target_compile_definitions(temper_toml INTERFACE TOML_HEADER_ONLY=1)
find_package(CLI11 QUIET)
temper_need("CLI11" FOUND ${CLI11_FOUND} DEBIAN libcli11-dev
  ELSE "Headers only: install it and add its prefix to CMAKE_PREFIX_PATH.")
find_package(Threads REQUIRED)
find_package(OpenSSL QUIET COMPONENTS Crypto)   # faster SHA-256 where it is installed

if(TEMPER_TESTS)
  find_package(GTest QUIET)
  temper_need("GoogleTest" FOUND ${GTest_FOUND} DEBIAN libgtest-dev
    ELSE "Configure with -DTEMPER_TESTS=OFF to build without tests.")
endif()

if(NOT TEMPER_TIER STREQUAL "login")
  include(TemperRankDependencies)
endif()
temper_check_needs()
