"""Statistics of paired differences, with the standard library alone."""

import math
from statistics import fmean, stdev


def t_test(differences):
    """The mean, half the width of its 95 % interval, and the two-sided p of Student's paired t-test."""
    count, mean = len(differences), fmean(differences)
    if count < 2:
        return mean, math.nan, math.nan
    error = stdev(differences) / math.sqrt(count)
    if error == 0:
        return mean, 0.0, 1.0 if mean == 0 else 0.0
    return mean, t_quantile(0.975, count - 1) * error, 2 * (1 - t_cdf(abs(mean) / error, count - 1))


def wilcoxon(differences):
    """The exact two-sided p of the signed-rank test (Wilcoxon 1945). Zeros are left out; ties share their mean rank."""
    sizes = sorted(abs(difference) for difference in differences if difference)
    if not sizes:
        return 1.0
    # Twice the mean rank is a whole number.
    doubled = {size: 2 * sizes.index(size) + sizes.count(size) + 1 for size in sizes}
    ways = {0: 1}  # how many choices of signs have this sum of positive ranks
    for size in sizes:
        grown = dict(ways)
        for total, count in ways.items():
            grown[total + doubled[size]] = grown.get(total + doubled[size], 0) + count
        ways = grown
    observed = sum(doubled[abs(difference)] for difference in differences if difference > 0)
    whole = sum(doubled[size] for size in sizes)
    far = min(observed, whole - observed)
    tail = sum(count for total, count in ways.items() if total <= far)
    return min(1.0, 2 * tail / 2 ** len(sizes))


def t_cdf(t, freedom):
    """Student's distribution, by Simpson's rule over the angle whose tangent is t / sqrt(freedom)."""
    steps = 2000
    angle = math.atan(t / math.sqrt(freedom))
    values = [math.cos(angle * step / steps) ** (freedom - 1) for step in range(steps + 1)]
    area = (values[0] + values[-1] + 4 * sum(values[1:-1:2]) + 2 * sum(values[2:-1:2])) * angle / steps / 3
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    return 0.5 + scale * area


def t_quantile(share, freedom):
    """The value below which `share` of Student's distribution lies, for shares above one half."""
    low, high = 0.0, 1000.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if t_cdf(middle, freedom) < share else (low, middle)
    return high
