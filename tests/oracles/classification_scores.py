"""Records what scikit-learn (1.9.1) and SciPy (1.17.1) say of drawn predictions, for
tests/analysis/scores_oracle_test.cpp.

  python3 classification_scores.py ../analysis/data

Cases are drawn by splitmix64, which the test repeats. classification_scores.json holds every value
of the first cases and, for thousands, the sum over each block of cases (NaN counts as 7);
regression_scores.json likewise.
"""
import json, math, sys, warnings
import numpy as np
from scipy import stats
from sklearn import metrics

warnings.filterwarnings("ignore")
FULL, BLOCK, CASES = 60, 50, 4000


class Draws:
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state + 0x9E3779B97F4A7C15) & (2**64 - 1)
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
        return ((z ^ (z >> 31)) >> 11) % n


def labels(seed):
    """Classes, truth, predictions. Some classes are never true, never predicted, or neither."""
    draws = Draws(seed)
    classes = 24 if draws.below(20) == 0 else 1 + draws.below(7)
    rows, hits = 1 + draws.below(40), draws.below(101)
    truths, guesses = 1 + draws.below(classes), 1 + draws.below(classes)
    truth, prediction = [], []
    for _ in range(rows):
        truth.append(draws.below(truths))
        guess = classes - 1 - draws.below(guesses)
        prediction.append(truth[-1] if draws.below(100) < hits else guess)
    return classes, truth, prediction


def classification(seed):
    classes, truth, prediction = labels(seed)
    every = list(range(classes))
    values = []
    for zero in (0.0, 1.0, np.nan):
        for named in (None, every):
            for average in ("macro", "weighted"):
                values += metrics.precision_recall_fscore_support(
                    truth, prediction, labels=named, average=average, zero_division=zero)[:3]
        p, r, f, _ = metrics.precision_recall_fscore_support(
            truth, prediction, labels=every, zero_division=zero)
        values += [*p, *r, *f]
    values += metrics.precision_recall_fscore_support(truth, prediction, average="micro")[:3]
    values += [metrics.accuracy_score(truth, prediction),
               metrics.balanced_accuracy_score(truth, prediction),
               metrics.matthews_corrcoef(truth, prediction),
               metrics.cohen_kappa_score(truth, prediction)]
    if classes == 2 and len(set(truth + prediction)) == 2:   # pos_label = 1 is then class 1
        binary = metrics.precision_recall_fscore_support(truth, prediction, average="binary",
                                                         zero_division=0)[:3]
        p, r, f, _ = metrics.precision_recall_fscore_support(truth, prediction, labels=every,
                                                             zero_division=0)
        assert binary == (p[1], r[1], f[1])
    return [float(v) for v in values]


def regression(seed):
    draws = Draws(seed)
    rows, levels, noise = 2 + draws.below(60), 1 + draws.below(30), draws.below(8)
    truth = [draws.below(levels) / 8 - 1 for _ in range(rows)]
    prediction = [t / 2 + draws.below(1 + noise) / 4 for t in truth]
    return [metrics.mean_squared_error(truth, prediction),
            metrics.mean_absolute_error(truth, prediction), metrics.r2_score(truth, prediction),
            float(stats.pearsonr(truth, prediction)[0]),
            float(stats.spearmanr(truth, prediction)[0])]


def recorded(values_of):
    cases = [values_of(seed) for seed in range(CASES)]
    none = lambda v: None if math.isnan(v) else v
    sums = [math.fsum(7.0 if math.isnan(v) else v for case in cases[b:b + BLOCK] for v in case)
            for b in range(0, CASES, BLOCK)]
    return {"sklearn": "1.9.1", "scipy": "1.17.1", "block": BLOCK,
            "cases": [[none(v) for v in case] for case in cases[:FULL]], "block_sums": sums}


for name, values_of in (("classification", classification), ("regression", regression)):
    with open(f"{sys.argv[1]}/{name}_scores.json", "w") as file:
        json.dump(recorded(values_of), file, separators=(",", ":"))
        file.write("\n")
