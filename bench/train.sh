#!/bin/sh
# Training against Transformers' Trainer on the same rows and the same cores, in one run:
#   bench/train.sh DATA [BUILD_FOLDER] [STEPS 60] [REPEATS 3]
# DATA holds train.jsonl, validation.jsonl and test.jsonl of WN24 (experiments/wn24). PYTHON names an interpreter that has
# torch, transformers and accelerate. Temper and the peer take turns; medians of the repeats are printed with their ratio.
# SINGLE_COPY=none where ranks may not read each other's memory (`temper run` tries it by itself).
# The peer tokenizes 8,000 rows when it starts; ours reads the prepared store. Leave the computer alone while this runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=${1:?bench/train.sh DATA [BUILD_FOLDER] [STEPS] [REPEATS]}
build=${2:-$here/../build/cpu}
steps=${3:-60}
repeats=${4:-3}
python=${PYTHON:-python3}
model=${TEMPER_PREFIX:-$HOME/.cache/temper}/models/all-MiniLM-L6-v2
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_plm=isolated
export OMPI_MCA_btl_vader_single_copy_mechanism=${SINGLE_COPY:-cma} OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_base_warn_component_unused=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
median() { sort -g "$1" | sed -n "$((($(wc -l < "$1") + 1) / 2))p"; }

"$build/bin/bench_train" recipe "$model" "$data" "$work/recipe.json"
mpiexec -n 2 --oversubscribe "$build/bin/temper-rank" prepare "$work/recipe.json" "$work/store.h5" > "$work/prepare.log" 2>&1 ||
  { cat "$work/prepare.log" >&2; exit 1; }

# ours NAME PRECISION RANKS THREADS DROPOUT: one run; its figures are appended to files of that name.
ours() {
  "$build/bin/bench_train" plan "$model" "$data" "$work/store.h5" "$2" "$3" "$4" "$5" "$steps" "$work/plan.json"
  rm -rf "$work/trial"
  mkdir -p "$work/trial/segment-1/attempt-1"
  bind="--bind-to core"; [ "$4" -gt 1 ] && bind="--bind-to none"
  OMP_NUM_THREADS=$4 OMP_PROC_BIND=false OMP_WAIT_POLICY=passive mpiexec --oversubscribe $bind -n "$3" \
    "$build/bin/temper-rank" train "$work/plan.json" "$work/trial/segment-1/attempt-1" > "$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
  "$python" "$here/peers/step_records.py" "$work/trial/segment-1/attempt-1" > "$work/figures"
  cut -d' ' -f1 "$work/figures" >> "$work/$1.tokens"
  cut -d' ' -f2 "$work/figures" >> "$work/$1.documents"
  cut -d' ' -f3 "$work/figures" >> "$work/$1.start"
  cut -d' ' -f4 "$work/figures" >> "$work/$1.share"
  cut -d' ' -f5 "$work/figures" >> "$work/$1.gflops"
}
# peer NAME ARGUMENTS...
peer() {
  name=$1; shift
  "$python" "$here/peers/trainer.py" --model "$model" --data "$data" --steps "$steps" --rows 8000 "$@" 2> "$work/log" > "$work/json" ||
    { cat "$work/log" >&2; exit 1; }
  "$python" -c 'import json,sys; r=json.loads(open(sys.argv[1]).readlines()[-1]); print(r["tokens_per_second"], r["documents_per_second"], r["seconds_to_first_step"])' \
    "$work/json" > "$work/figures"
  cut -d' ' -f1 "$work/figures" >> "$work/$name.tokens"
  cut -d' ' -f2 "$work/figures" >> "$work/$name.documents"
  cut -d' ' -f3 "$work/figures" >> "$work/$name.start"
}

repeat=0
while [ "$repeat" -lt "$repeats" ]; do
  repeat=$((repeat + 1))
  for precision in bf16 fp32; do
    flag=; [ "$precision" = fp32 ] && flag=--fp32
    peer "$precision-default" $flag
    ours "$precision-2x1-dropout" "$precision" 2 1 0.1
    peer "$precision-best" $flag --best
    ours "$precision-2x1" "$precision" 2 1 0
    peer "$precision-grouped" $flag --best --group
    ours "$precision-1x2" "$precision" 1 2 0
    echo "repeat $repeat of $repeats: $precision done" >&2
  done
done

row() { printf '%-46s %9.0f %9.0f %8.1f\n' "$1" "$(median "$work/$2.tokens")" "$(median "$work/$2.documents")" "$(median "$work/$2.start")"; }
ratio() { echo "$(median "$work/$2.$4") $(median "$work/$3.$4")" | awk -v what="$1" '{printf "  %-44s %9.2f\n", what, $1 / $2}'; }
for precision in bf16 fp32; do
  echo "$precision, batch 32, medians of $repeats          real tok/s    docs/s  start s"
  row "  Trainer, default (dropout 0.1, sdpa)" "$precision-default"
  row "  Trainer, best (dropout 0, eager)" "$precision-best"
  row "  Trainer, best, group_by_length" "$precision-grouped"
  row "  temper, 2 ranks x 1 thread, dropout 0.1" "$precision-2x1-dropout"
  row "  temper, 2 ranks x 1 thread, dropout 0" "$precision-2x1"
  row "  temper, 1 rank x 2 threads, dropout 0" "$precision-1x2"
  ratio "documents/s, dropout 0.1: 2 x 1 / default" "$precision-2x1-dropout" "$precision-default" documents
  ratio "documents/s, dropout 0: 2 x 1 / default" "$precision-2x1" "$precision-default" documents
  ratio "documents/s: 2 x 1 / best" "$precision-2x1" "$precision-best" documents
  ratio "documents/s: 2 x 1 / best, grouped" "$precision-2x1" "$precision-grouped" documents
  ratio "documents/s: 1 x 2 / best" "$precision-1x2" "$precision-best" documents
  ratio "start to first step: Trainer / temper" "$precision-default" "$precision-2x1-dropout" start
  printf '  matrix products, 2 x 1: %.0f %% of forward and backward at %.0f GFLOP/s of all ranks\n' \
    "$(median "$work/$precision-2x1.share")" "$(median "$work/$precision-2x1.gflops")"
done
