#!/bin/sh
# Tokenizer against the `tokenizers` library, one core each, in one run:
#   bench/tokenize.sh [BUILD_FOLDER] [LINES.txt]
# LINES.txt: by default all WordNet glosses. PYTHON names an interpreter that has `tokenizers`.
# Prints the median of 3 repeats of both and the ratio, for each model on the shelf.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=${1:-$here/../build/cpu}/bin/bench_tokenize
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lines=${2:-$work/lines.txt}
[ $# -ge 2 ] || sed -n 's/^[^ ].*| //p' /usr/share/wordnet/data.noun /usr/share/wordnet/data.verb \
  /usr/share/wordnet/data.adj /usr/share/wordnet/data.adv > "$lines"
shelf=${TEMPER_PREFIX:-$HOME/.cache/temper}/models
median() { sort -n "$1" | sed -n 2p; }
for model in all-MiniLM-L6-v2 SmolLM2-135M-Instruct; do
  file=$shelf/$model/tokenizer.json
  [ -f "$file" ] || { echo "$model: not on the shelf"; continue; }
  : > "$work/ours"; : > "$work/theirs"
  for repeat in 1 2 3; do
    "$program" "$file" "$lines" 1 >> "$work/ours"
    ${PYTHON:-python3} "$here/peers/tokenize_lines.py" "$file" "$lines" 1 >> "$work/theirs"
  done
  ours=$(median "$work/ours"); theirs=$(median "$work/theirs")
  echo "$model"
  echo "  temper      $ours"
  echo "  tokenizers  $theirs"
  echo "$ours $theirs" | awk '{printf "  ratio       %.1f\n", $9 / $1}'
done
