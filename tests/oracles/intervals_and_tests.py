"""Records distribution functions, intervals and tests of SciPy (1.17.1) for
tests/analysis/statistics_test.cpp, and probability scores of scikit-learn (1.9.1).

  python3 intervals_and_tests.py ../analysis/data/statistics.json
"""
import json, sys, warnings
import numpy as np
from scipy import stats
from sklearn import metrics

warnings.filterwarnings("ignore")
rng = np.random.default_rng(7)
out = {"scipy": "1.17.1", "sklearn": "1.9.1"}
out["normal"] = [[p, float(stats.norm.ppf(p))] for p in
                 [1e-300, 1e-20, 1e-9, 0.001, 0.025, 0.2, 0.4999, 0.5, 0.75, 0.975, 0.999999]]
out["student"] = [[p, df, float(stats.t.ppf(p, df))] for df in [1, 2, 3, 4, 5, 9, 11, 29, 100, 1e5]
                  for p in [1e-6, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9995]]
out["student_cdf"] = [[t, df, float(stats.t.cdf(t, df))] for df in [1, 2.5, 7, 400]
                      for t in [-30, -2.2, -0.1, 0, 0.7, 5]]
out["fair_binomial"] = [[n, k, float(stats.binom.cdf(k, n, 0.5)), float(stats.binom.pmf(k, n, 0.5))]
                        for n in [1, 2, 7, 24, 25, 100, 1082, 50000]
                        for k in sorted({0, n // 3, int(n / 2 - n ** 0.5), n // 2, n - 1}) if k >= 0]
out["binomial"] = [[n, p, k, float(stats.binom.cdf(k, n, p))] for n in [1, 10, 300, 9000]
                   for p in [0.01, 0.3, 0.85] for k in sorted({0, n // 4, int(n * p), n - 1})]
out["wilson"] = []
for hits, rows in [(80, 100), (0, 10), (10, 10), (1, 1), (6739, 8311), (1, 3)]:
    for confidence in (0.9, 0.95, 0.99):
        ci = stats.binomtest(hits, rows).proportion_ci(confidence, method="wilson")
        out["wilson"].append([hits, rows, confidence, float(ci.low), float(ci.high)])
out["mcnemar"] = []
for b, c in [(583, 499), (12, 5), (8, 2), (5, 5), (1, 9), (0, 0), (0, 30), (13, 12), (400, 900)]:
    exact = float(stats.binomtest(b, b + c).pvalue) if b + c else 1.0
    mid = 1.0 if b == c else exact - float(stats.binom.pmf(min(b, c), b + c, 0.5))
    out["mcnemar"].append([b, c, exact, mid])
out["holm"] = []
for _ in range(20):
    p = rng.random(rng.integers(1, 8)) ** 3
    order = np.argsort(p)
    adjusted = np.minimum(1, np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p)))))
    back = np.empty_like(adjusted)
    back[order] = adjusted
    out["holm"].append([p.tolist(), back.tolist()])
out["t_interval"] = []
for n in [2, 3, 5, 12]:
    x = rng.normal(3, 1, n)
    ci = stats.ttest_1samp(x, 0).confidence_interval(0.95)
    out["t_interval"].append([x.tolist(), float(ci.low), float(ci.high)])
# Intervals of means by SciPy's BCa with 200,000 resamples: ours must lie near.
out["bca"] = []
for n, draw in [(40, lambda n: rng.exponential(1, n)), (200, lambda n: rng.beta(0.5, 3, n))]:
    x = draw(n)
    ci = stats.bootstrap((x,), np.mean, n_resamples=200000, method="BCa", batch=2000,
                         rng=np.random.default_rng(1)).confidence_interval
    out["bca"].append([x.tolist(), float(ci.low), float(ci.high)])
out["probability"] = []
for rows, classes, sharp in [(1, 2, 1), (30, 3, 1), (60, 5, 4), (50, 2, 9)]:
    p = rng.dirichlet(np.ones(classes) / sharp, rows)
    p = np.round(p, 3)
    p[:, -1] = 1 - p[:, :-1].sum(axis=1)
    y = np.array([rng.choice(classes, p=np.abs(row) / np.abs(row).sum()) for row in p])
    every = list(range(classes))
    one_hot = np.eye(classes)[y]
    top, hit = p.max(axis=1), p.argmax(axis=1) == y
    edges = np.arange(1, 15) / 15
    bins = np.searchsorted(edges, top, side="left")
    ece = sum(abs(hit[bins == b].sum() - top[bins == b].sum()) for b in range(15)) / rows
    topk = [float(metrics.top_k_accuracy_score(y, p if classes > 2 else p[:, 1], k=k, labels=every))
            for k in (1, 2)]
    out["probability"].append({
        "classes": classes, "scores": p.ravel().tolist(), "truth": y.tolist(), "ece": float(ece),
        "log_loss": float(metrics.log_loss(y, p, labels=every)),
        "brier": float(((p - one_hot) ** 2).sum(axis=1).mean()), "top_k": topk if classes > 2 else
        [topk[0], 1.0]})
with open(sys.argv[1], "w") as file:
    json.dump(out, file, separators=(",", ":"))
    file.write("\n")
