#!/bin/sh
# Preparing WN24 (82,022 rows) on one core: Temper against `datasets` with `tokenizers`, in one run:
#   bench/prepare.sh [BUILD_FOLDER]
# PYTHON names an interpreter that has both. Prints the median of 3 repeats of each and the ratio:
# of the work alone, and of the whole command with start-up (ours with its baselines).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bin=${1:-$here/../build/cpu}/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
model=${TEMPER_PREFIX:-$HOME/.cache/temper}/models/all-MiniLM-L6-v2
"$bin/wn24-recipe" --output "$work" > /dev/null
cat > "$work/recipe.json" <<EOF
{"format": "temper-recipe/1",
 "data": {"train_file": ["$work/train.jsonl"], "validation_file": ["$work/validation.jsonl"],
          "test_file": ["$work/test.jsonl"], "text_column": "definition", "label_column": "class",
          "id_column": "id", "clean": ["nfc", "control", "whitespace", "drop_empty"]},
 "task": "sequence-classification", "tokenizer": "$model/tokenizer.json", "max_length": 64,
 "vocab_size": 30522, "label_names": [], "source_sha256": {}}
EOF
now() { date +%s.%N; }
since() { echo "$1 $(now)" | awk '{printf "%.3f\n", $2 - $1}'; }
median() { sort -n "$1" | sed -n 2p; }
for repeat in 1 2 3; do
  "$bin/bench_prepare" "$work/recipe.json" "$work" 1 >> "$work/ours"
  start=$(now); ${PYTHON:-python3} "$here/peers/prepare.py" "$work/recipe.json" "$work" >> "$work/theirs"
  since "$start" >> "$work/theirs.whole"
  start=$(now); "$bin/temper-rank" prepare "$work/recipe.json" "$work/whole.h5" > /dev/null
  since "$start" >> "$work/ours.whole"
done
echo "work alone"
echo "  temper                 $(median "$work/ours")"
echo "  datasets + tokenizers  $(median "$work/theirs")"
echo "$(median "$work/ours") $(median "$work/theirs")" | awk '{printf "  ratio                  %.1f\n", $7 / $1}'
echo "whole command, seconds"
echo "  temper-rank prepare    $(median "$work/ours.whole")"
echo "  python                 $(median "$work/theirs.whole")"
echo "$(median "$work/ours.whole") $(median "$work/theirs.whole")" | awk '{printf "  ratio                  %.1f\n", $2 / $1}'
