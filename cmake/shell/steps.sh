# shellcheck shell=bash
# Sourced by ./setup, ./quickstart and ./runtests: long commands with their output in a log and their progress on the
# screen, children that end when the script is interrupted.

step_child=""

# Stops what is running, with all that it started, and ends the script.
on_interrupt() {
  trap '' INT TERM HUP
  if [[ -n $step_child ]]; then
    kill -"$1" -- "-$step_child" 2>/dev/null || true
    wait "$step_child" 2>/dev/null || true
  fi
  printf '\n%s: interrupted; call it again to go on\n' "${0##*/}" >&2
  exit 130
}

trap_interrupts() {
  trap 'on_interrupt INT' INT
  trap 'on_interrupt TERM' TERM HUP
}

# Starts a command in a process group of its own and leaves its id in step_child.
start_child() {
  set -m
  "$@" </dev/null &
  step_child=$!
  set +m
}

clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# Done and total of the step, "12/80": ninja's count in the last line of its log, or what apt has fetched, unpacked and
# set up, or the megabytes in step_folder out of about step_megabytes; else nothing.
count_step() {
  if [[ -n ${step_folder:-} ]]; then
    local here_megabytes
    here_megabytes=$(du -sm "$step_folder" 2>/dev/null | cut -f1)
    # shellcheck disable=SC2154  # set with step_folder
    echo "$((here_megabytes < step_megabytes ? here_megabytes : step_megabytes))/$step_megabytes"
  elif grep -q ' newly installed,' "$1" 2>/dev/null; then
    awk '/ newly installed,/ { total = 3 * ($1 + $3) } /^(Get:|Unpacking |Setting up )/ { part++ }
      END { print (part < total ? part : total) "/" total }' "$1"
  else
    tail -c 400 "$1" 2>/dev/null | grep -oE '^\[[0-9]+/[0-9]+\]' | tail -1 | tr -d '[]'
  fi
}

# One line: the label, a bar with the time left where the log counts, the time so far.
draw_step() {
  local label=$1 log=$2 seconds=$3 count bar="" left=""
  count=$(count_step "$log") || true
  if [[ $count == */* && ${count#*/} -gt 0 && ${count%/*} -le ${count#*/} ]]; then
    local part=${count%/*} total=${count#*/} width=24 filled
    filled=$((part * width / total))
    bar=" [$(printf '%*s' "$filled" '' | tr ' ' '#')$(printf '%*s' $((width - filled)) '')] $count"
    ((part > 0)) && left=", $(clock $((seconds * (total - part) / part))) left"
  fi
  printf '%-36s%s  %s%s' "$label" "$bar" "$(clock "$seconds")" "$left"
}

# run_step LABEL LOG COMMAND...: its output goes into LOG; the end of LOG is shown when it fails. Returns its status.
run_step() {
  local label=$1 log=$2 begin=$SECONDS shown=$SECONDS status=0
  shift 2
  mkdir -p "$(dirname "$log")"
  start_child "$@" >"$log" 2>&1
  while kill -0 "$step_child" 2>/dev/null; do
    if [[ -t 1 ]]; then
      printf '\r\033[K%s' "$(draw_step "$label" "$log" $((SECONDS - begin)))"
    elif ((SECONDS - shown >= 10)); then
      shown=$SECONDS
      printf '%s\n' "$(draw_step "$label" "$log" $((SECONDS - begin)))"
    fi
    sleep 0.3
  done
  wait "$step_child" || status=$?
  step_child=""
  [[ -t 1 ]] && printf '\r\033[K'
  if ((status == 0)); then
    printf '%-36s  %s  done\n' "$label" "$(clock $((SECONDS - begin)))"
  else
    printf '%-36s  %s  FAILED (exit code %d); the end of %s:\n' "$label" "$(clock $((SECONDS - begin)))" "$status" "$log" >&2
    tail -n 40 "$log" >&2
  fi
  return "$status"
}

# run_shown COMMAND...: a command that draws its own progress. An interrupt is passed on and waited for.
run_shown() {
  local status=0
  start_child "$@"
  wait "$step_child" || status=$?
  step_child=""
  return "$status"
}

# Compile jobs: as many as cores, with 2 GB of memory each.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 2000000) }' /proc/meminfo)
  ((memory < 1)) && memory=1
  echo $((memory < cores ? memory : cores))
}
