# Compiler, cache and linker: ccache and mold where present, warnings for our own code only.
find_program(TEMPER_CCACHE ccache)
if(TEMPER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${TEMPER_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${TEMPER_CCACHE}")
endif()
find_program(TEMPER_MOLD mold)
if(TEMPER_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(temper_options INTERFACE)
target_compile_options(temper_options INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers -Wno-restrict
  $<$<BOOL:${TEMPER_WERROR}>:-Werror>)
if(CMAKE_UNITY_BUILD)
  # A unity batch includes .cpp files, whose unnamed namespaces GCC then takes for those of headers.
  target_compile_options(temper_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(TEMPER_SANITIZE)
  target_compile_options(temper_options INTERFACE -fsanitize=${TEMPER_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${TEMPER_SANITIZE})
endif()
