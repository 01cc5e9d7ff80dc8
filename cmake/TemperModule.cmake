# temper_module(NAME SOURCES a.cpp ... [DEPENDS core plan ...] [LIBRARIES torch::cpu ...] [ARCH])
#   A static library temper_NAME. DEPENDS names modules, LIBRARIES outside targets. ARCH compiles it for
#   the machine of the ranks (TEMPER_ARCH) with fast vector code.
# temper_test(NAME SOURCES ... [DEPENDS ...] [LIBRARIES ...] [RANKS 1 2 4] [LABELS ...] [TIMEOUT s])
#   A GoogleTest executable NAME_test. With RANKS it runs under mpiexec, once for each count.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

function(temper_module name)
  cmake_parse_arguments(M "ARCH" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  set(target temper_${name})
  add_library(${target} STATIC ${M_SOURCES})
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/src")
  list(TRANSFORM M_DEPENDS PREPEND temper_)
  target_link_libraries(${target} PRIVATE temper_options PUBLIC ${M_DEPENDS} ${M_LIBRARIES})
  if(M_ARCH)
    target_compile_options(${target} PRIVATE -march=${TEMPER_ARCH} -O3 -fno-math-errno)
  endif()
endfunction()

function(temper_program name)
  cmake_parse_arguments(P "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_executable(${name} ${P_SOURCES})
  list(TRANSFORM P_DEPENDS PREPEND temper_)
  target_link_libraries(${name} PRIVATE temper_options ${P_DEPENDS} ${P_LIBRARIES})
endfunction()

function(temper_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;DEPENDS;LIBRARIES;RANKS;LABELS" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  set(target ${name}_test)
  add_executable(${target} ${T_SOURCES})
  list(TRANSFORM T_DEPENDS PREPEND temper_)
  target_link_libraries(${target} PRIVATE temper_options ${T_DEPENDS} ${T_LIBRARIES} GTest::gtest)
  target_compile_definitions(${target} PRIVATE TEMPER_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    TEMPER_BINARY_DIR="${PROJECT_BINARY_DIR}")
  if(T_RANKS)
    target_sources(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests/support/mpi_main.cpp")
    target_link_libraries(${target} PRIVATE MPI::MPI_C)
    foreach(n IN LISTS T_RANKS)
      add_test(NAME ${name}.np${n}
        COMMAND ${MPIEXEC_EXECUTABLE} ${TEMPER_MPIEXEC_FLAGS} ${MPIEXEC_NUMPROC_FLAG} ${n} $<TARGET_FILE:${target}>)
      set_tests_properties(${name}.np${n} PROPERTIES PROCESSORS ${n} TIMEOUT ${T_TIMEOUT}
        LABELS "mpi;${T_LABELS}" ENVIRONMENT "${TEMPER_MPI_ENVIRONMENT}")
    endforeach()
  else()
    target_link_libraries(${target} PRIVATE GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${target})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}"
      ENVIRONMENT "OMP_NUM_THREADS=1;OMP_PROC_BIND=false")
  endif()
endfunction()
