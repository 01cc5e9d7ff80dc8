# Every package of the stack, asked for in one place. Site installations win: CMAKE_PREFIX_PATH, environment modules.
# What the setup script built lies under TEMPER_PREFIX.
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

find_package(nlohmann_json REQUIRED)
find_path(TEMPER_TOMLPP_INCLUDE toml++/toml.h REQUIRED)
add_library(temper_toml INTERFACE)   # header-only flavour: no shared library on a login node
target_include_directories(temper_toml SYSTEM INTERFACE "${TEMPER_TOMLPP_INCLUDE}")
target_compile_definitions(temper_toml INTERFACE TOML_HEADER_ONLY=1)
find_package(CLI11 REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL QUIET COMPONENTS Crypto)

if(TEMPER_TESTS)
  find_package(GTest REQUIRED)
endif()

if(NOT TEMPER_TIER STREQUAL "login")
  find_package(MPI REQUIRED COMPONENTS C)
  set(HDF5_PREFER_PARALLEL ON)
  find_package(HDF5 REQUIRED COMPONENTS C)
  if(NOT HDF5_IS_PARALLEL)
    message(FATAL_ERROR "HDF5 at ${HDF5_C_INCLUDE_DIRS} is not parallel. Install libhdf5-openmpi-dev, "
      "load your site's parallel HDF5 module, or set HDF5_ROOT.")
  endif()
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  list(APPEND CMAKE_PREFIX_PATH "${TEMPER_PREFIX}/kokkos")
  find_package(Kokkos REQUIRED)
  set(TORCH_HOME "${TEMPER_PREFIX}/torch-2.11.0/torch" CACHE PATH "the torch folder of an installed wheel, or a libtorch")
  find_package(TorchCpu 2.5 REQUIRED)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
  find_package(ICU REQUIRED COMPONENTS uc i18n)
  find_package(simdjson REQUIRED)
  # The system's OpenMP runtime comes first: the wheel carries an older one under the same name.
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libgomp.so.1
    OUTPUT_VARIABLE _gomp OUTPUT_STRIP_TRAILING_WHITESPACE)
  file(REAL_PATH "${_gomp}" _gomp)
  get_filename_component(_gomp_dir "${_gomp}" DIRECTORY)
  set(CMAKE_BUILD_RPATH "${_gomp_dir}" ${TorchCpu_RPATH})
  set(CMAKE_INSTALL_RPATH "${CMAKE_BUILD_RPATH}")
  set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
  set(TEMPER_MPI_ENVIRONMENT
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1
    OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_plm=isolated OMPI_MCA_btl_base_warn_component_unused=0
    OMP_NUM_THREADS=1 OMP_PROC_BIND=false OMP_WAIT_POLICY=passive)
endif()
