#!/bin/sh
# Supervised fine-tuning of SmolLM2-135M against Transformers and PEFT on the same conversations and cores, in one run:
#   bench/sft.sh TRAIN.jsonl PEER_MODEL [BUILD_FOLDER] [STEPS 12] [REPEATS 3]
# TRAIN.jsonl holds `messages` (experiments/smollm2-sft/recipe writes one); PEER_MODEL is the model as a Hugging Face
# directory (`temper model import GGUF DIRECTORY`), because Transformers reads the GGUF's tokenizer wrongly. PYTHON names an
# interpreter that has torch, transformers and peft. Temper and the peer take turns; medians of the repeats are printed with
# their ratios. A step is 1,024 tokens: 4 rows of 256, or 1 of 1,024, packed. Leave the computer alone while this runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=$(realpath "${1:?bench/sft.sh TRAIN.jsonl PEER_MODEL [BUILD_FOLDER] [STEPS] [REPEATS]}")
model=$(realpath "${2:?name the model as a Hugging Face directory}")
build=${3:-$here/../build/cpu}
steps=${4:-12}
repeats=${5:-3}
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
median() { sort -g "$1" | sed -n "$((($(wc -l < "$1") + 1) / 2))p"; }

# manifest NAME MODE ROW: one trial of `steps` steps.
manifest() {
  cat > "$work/$1.toml" <<TOML
[study]
name = "$1"
output_dir = "$work/runs/$1"
[model]
model_name_or_path = "$model"
task = "causal-lm"
[data]
train_file = "$data"
messages_column = "messages"
max_length = $3
max_train_samples = 2000
store_dir = "$work/data"
[train]
stage = "sft"
finetuning_type = "$2"
tokens_per_microbatch = 1024
max_steps = $steps
learning_rate = 2e-5
bf16 = true
eval_strategy = "no"
[checkpoint]
load_best_model_at_end = false
TOML
  if [ "$2" = lora ]; then printf '[lora]\nr = 16\nlora_alpha = 32\n' >> "$work/$1.toml"; fi
}

ours() { # NAME: the figures of one fresh run
  rm -rf "$work/runs/$1"
  "$build/bin/temper" run "$work/$1.toml" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  attempt=$(ls -d "$work/runs/$1"/trials/*/segment-1/attempt-1)
  "$python" "$here/peers/step_records.py" "$attempt" --warm 2 > "$work/figures"
  cut -d' ' -f1 "$work/figures" >> "$work/ours-$1.tokens"
  cut -d' ' -f3 "$work/figures" >> "$work/ours-$1.start"
  cut -d' ' -f4 "$work/figures" >> "$work/ours-$1.share"
  cut -d' ' -f5 "$work/figures" >> "$work/ours-$1.gflops"
  cut -d' ' -f6 "$work/figures" >> "$work/ours-$1.memory"
}

peer() { # NAME MODE ROW ROWS
  "$python" "$here/peers/sft.py" --model "$model" --data "$data" --mode "$2" --row "$3" --rows "$4" --steps "$steps" \
    2> "$work/log" > "$work/json" || { cat "$work/log" >&2; exit 1; }
  "$python" -c 'import json,sys
r = json.loads(open(sys.argv[1]).readlines()[-1])
for key, name in (("tokens_per_second", "tokens"), ("seconds_to_first_step", "start"), ("peak_rss_mb", "memory")):
    print(r[key], file=open(sys.argv[2] + "." + name, "a"))' "$work/json" "$work/peer-$1"
}

repeat=0
while [ "$repeat" -lt "$repeats" ]; do
  repeat=$((repeat + 1))
  for row in 256 1024; do
    for mode in full lora; do
      name=$mode-$row
      manifest "$name" "$mode" "$row"
      peer "$name" "$mode" "$row" $((1024 / row))
      ours "$name"
    done
  done
  echo "repeat $repeat of $repeats done" >&2
done

printf 'medians of %s, bf16, 1,024 tokens a step, all cores\n' "$repeats"
printf '%-12s %10s %10s %7s %12s %12s %7s %9s %9s\n' "" "temper t/s" "peer t/s" ratio "temper MB" "peer MB" ratio "start s" "peer s"
for row in 256 1024; do
  for mode in full lora; do
    n=$mode-$row
    echo "$n $(median "$work/ours-$n.tokens") $(median "$work/peer-$n.tokens") $(median "$work/ours-$n.memory") $(median "$work/peer-$n.memory") $(median "$work/ours-$n.start") $(median "$work/peer-$n.start")" |
      awk '{printf "%-12s %10.0f %10.0f %7.2f %12.0f %12.0f %7.2f %9.1f %9.1f\n", $1, $2, $3, $2 / $3, $4, $5, $4 / $5, $6, $7}'
    printf '  matrix products: %.0f %% of forward and backward at %.0f GFLOP/s\n' "$(median "$work/ours-$n.share")" "$(median "$work/ours-$n.gflops")"
  done
done
