"""Records what SQuAD's evaluation script (as in transformers 5.23.0, squad_metrics) and rouge_score 0.1.2 say of drawn texts, for
tests/analysis/text_scores_test.cpp.

  python3 text_scores.py ../analysis/data/text_scores.json

Texts are drawn by splitmix64 from a small list of pieces, which the test repeats. The first cases are recorded value by
value, thousands as sums over blocks.
"""
import collections, json, re, string, sys

from rouge_score import rouge_scorer

PIECES = ["the", "The", "a", "An", "cat", "Cat", "sat", "on", "mat", "mat.", "(mat)", "it's", "its", "42", "4", "two-fold",
          "twofold", ",", "--", "", "na\u00efve", "E", "e"]
FULL, BLOCK, CASES = 40, 50, 3000


class Draws:
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state + 0x9E3779B97F4A7C15) & (2**64 - 1)
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
        return ((z ^ (z >> 31)) >> 11) % n


def text(draws):
    return " ".join(PIECES[draws.below(len(PIECES))] for _ in range(draws.below(9)))


def normalize_answer(s):
    s = "".join(ch for ch in s.lower() if ch not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", s).split())


def squad_f1(prediction, reference):
    p, r = normalize_answer(prediction).split(), normalize_answer(reference).split()
    if not p or not r:
        return float(p == r)
    same = sum((collections.Counter(p) & collections.Counter(r)).values())
    return 0.0 if same == 0 else 2 * (same / len(p)) * (same / len(r)) / (same / len(p) + same / len(r))


scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)


def values(seed):
    draws = Draws(seed)
    prediction, reference = text(draws), text(draws)
    scores = scorer.score(reference, prediction)
    out = [float(normalize_answer(prediction) == normalize_answer(reference)), squad_f1(prediction, reference)]
    for name in ("rouge1", "rouge2", "rougeL"):
        out += [scores[name].precision, scores[name].recall, scores[name].fmeasure]
    return out


full = [values(seed) for seed in range(FULL)]
sums = [sum(sum(values(seed)) for seed in range(begin, begin + BLOCK)) for begin in range(0, CASES, BLOCK)]
json.dump({"versions": "rouge_score 0.1.2", "block": BLOCK, "full": full, "sums": sums}, open(sys.argv[1], "w"))
