# What a rank needs besides: MPI, parallel HDF5, OpenMP, Kokkos, libtorch, PCRE2, ICU, simdjson.
find_package(MPI QUIET COMPONENTS C)
temper_need("MPI" FOUND ${MPI_C_FOUND} DEBIAN libopenmpi-dev openmpi-bin
  ELSE "Load your site's MPI module (Open MPI, MPICH or one that follows it), or set MPI_HOME or MPI_C_COMPILER.")

set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 QUIET COMPONENTS C)
set(_hdf5 "parallel HDF5")
if(HDF5_FOUND AND NOT HDF5_IS_PARALLEL)
  set(_hdf5 "parallel HDF5 (the one in ${HDF5_C_INCLUDE_DIRS} is serial)")
endif()
temper_need("${_hdf5}" FOUND ${HDF5_IS_PARALLEL} DEBIAN libhdf5-openmpi-dev
  ELSE "Load your site's parallel HDF5 module (built with the same MPI), or set HDF5_ROOT to it.")

find_package(OpenMP QUIET COMPONENTS CXX)
temper_need("OpenMP" FOUND ${OpenMP_CXX_FOUND} DEBIAN g++
  ELSE "The compiler has no OpenMP runtime: load a GCC module, or install libomp for Clang.")

list(APPEND CMAKE_PREFIX_PATH "${TEMPER_PREFIX}/kokkos")
find_package(Kokkos QUIET)
set(_kokkos "Kokkos")
set(_kokkos_ok ${Kokkos_FOUND})
if(Kokkos_FOUND AND NOT "OPENMP" IN_LIST Kokkos_DEVICES)
  set(_kokkos "Kokkos with OpenMP (the one in ${Kokkos_DIR} has ${Kokkos_DEVICES})")
  set(_kokkos_ok FALSE)
endif()
temper_need("${_kokkos}" FOUND ${_kokkos_ok} PREFIX
  ELSE "Build Kokkos 3.4 or newer with Kokkos_ENABLE_OPENMP and position-independent code, and set Kokkos_ROOT.")

find_package(TorchCpu 2.5 QUIET)
temper_need("libtorch" FOUND ${TorchCpu_FOUND} PREFIX
  ELSE "Unpack a libtorch or the wheel torch==2.11.0 and set TORCH_HOME to the folder with include/ and lib/.")

find_package(PkgConfig QUIET)
temper_need("pkg-config" FOUND ${PkgConfig_FOUND} DEBIAN pkgconf ELSE "Load a pkgconf module.")
if(PkgConfig_FOUND)
  pkg_check_modules(PCRE2 QUIET IMPORTED_TARGET libpcre2-8)
endif()
temper_need("PCRE2" FOUND ${PCRE2_FOUND} DEBIAN libpcre2-dev
  ELSE "Install it under a prefix and add that to CMAKE_PREFIX_PATH.")
find_package(ICU QUIET COMPONENTS uc i18n)
temper_need("ICU" FOUND ${ICU_FOUND} DEBIAN libicu-dev
  ELSE "Load an ICU module, or set ICU_ROOT.")
find_package(simdjson QUIET)
temper_need("simdjson" FOUND ${simdjson_FOUND} DEBIAN libsimdjson-dev
  ELSE "Install it under a prefix and add that to CMAKE_PREFIX_PATH.")

# The system's OpenMP runtime comes first: the wheel carries an older one under the same name.
execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libgomp.so.1
  OUTPUT_VARIABLE _gomp OUTPUT_STRIP_TRAILING_WHITESPACE)
file(REAL_PATH "${_gomp}" _gomp)
get_filename_component(_gomp_dir "${_gomp}" DIRECTORY)
set(CMAKE_BUILD_RPATH "${_gomp_dir}" ${TorchCpu_RPATH})
set(CMAKE_INSTALL_RPATH "${CMAKE_BUILD_RPATH}")
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)

# How tests start ranks: more of them than cores, also as root. Other MPIs know none of these words.
set(TEMPER_MPIEXEC_FLAGS "")
set(TEMPER_MPI_ENVIRONMENT OMP_NUM_THREADS=1 OMP_PROC_BIND=false OMP_WAIT_POLICY=passive)
if(MPIEXEC_EXECUTABLE)
  execute_process(COMMAND ${MPIEXEC_EXECUTABLE} --version OUTPUT_VARIABLE _mpiexec ERROR_QUIET)
  if(_mpiexec MATCHES "Open MPI|OpenRTE|PRRTE")
    set(TEMPER_MPIEXEC_FLAGS --oversubscribe --bind-to none)
    list(APPEND TEMPER_MPI_ENVIRONMENT
      OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1
      OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_plm=isolated OMPI_MCA_btl_base_warn_component_unused=0)
  endif()
endif()
