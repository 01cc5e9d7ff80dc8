# shellcheck shell=bash
# Sourced by ./runtests and .ci/run: tests by CTest, counted by test case.

# Open MPI refuses root and more ranks than cores unless told.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1

# GoogleTest's cases in CTest's log: "passed failed skipped". A program that failed without a failed case (a crash, a time
# limit, another rank) counts as one more failure.
count_cases() {
  awk '
    /^\[       OK \] .*\([0-9]+ ms\)/ { passed++ }
    /^\[  SKIPPED \] .*\([0-9]+ ms\)/ { skipped++ }
    /^\[  FAILED  \] .*\([0-9]+ ms\)/ { failed++; within++ }
    /^Test Failed\.|^Test timed out|^Test Timeout|^Test time out/ { if (!within) failed++ }
    /^[0-9]+\/[0-9]+ Test(ing)?: / { within = 0 }
    END { printf "%d %d %d\n", passed, failed, skipped }' "$1"
}

# run_tests BUILD_FOLDER [ctest options]: prints the count last; its status is CTest's.
run_tests() {
  local build=$1 status=0 passed failed skipped
  shift
  rm -f "$build/Testing/Temporary/LastTest.log"
  run_shown ctest --test-dir "$build" -j "$(nproc)" --output-on-failure --no-tests=error "$@" || status=$?
  read -r passed failed skipped < <(count_cases "$build/Testing/Temporary/LastTest.log")
  ((status != 0 && failed == 0)) && failed=1
  printf '\n%d passed, %d failed' "$passed" "$failed"
  ((skipped > 0)) && printf ', %d skipped' "$skipped"
  printf '\n'
  return "$status"
}
