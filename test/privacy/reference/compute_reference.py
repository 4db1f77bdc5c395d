"""Reference numbers for the accountants, computed without this project's code.

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install dp_accounting==0.6.0
    /tmp/reference/bin/python compute_reference.py > accountant-reference.json

Two sources. dp_accounting (Google) brackets every epsilon between an optimistic and a pessimistic privacy loss
distribution. mpmath computes what the definitions say: binomial sums, or convolutions of exact losses, at 40 digits.
"""
import functools
import json
import math
from importlib.metadata import version

from dp_accounting import dp_event, rdp
from dp_accounting.pld import common, privacy_loss_distribution as pld
from mpmath import binomial, exp, expm1, log, mp, mpf, sqrt

mp.dps = 40
DELTA = "1e-6"
INTERVAL = 1e-4
ORDERS = [1 + k / 10 for k in range(1, 100)] + list(range(11, 64)) + [128, 256, 512, 1024]


def laplace(scale, sensitivity, times):
    return {"kind": "discrete-laplace", "scale": scale, "sensitivity": sensitivity, "times": times}


def gaussian(variance, sensitivity, times):
    return {"kind": "discrete-gaussian", "variance": variance, "sensitivity": sensitivity, "times": times}


def approximate(epsilon, delta, times):
    return {"kind": "approximate", "epsilon": epsilon, "delta": delta, "times": times}


CASES = [
    [laplace("100", 1, 1440)],
    [laplace("10", 1, 1440)],
    [laplace("1", 1, 1)],
    [laplace("8", 1, 8)],
    [laplace("8", 1, 2920)],
    [laplace("100", 10, 144)],
    [laplace("2.5", 3, 20)],
    [gaussian("20.5", 1, 1)],
    [gaussian("0.75", 1, 2)],
    [gaussian("2.5", 1, 24)],
    [gaussian("493", 1, 24)],
    [gaussian("29600", 1, 1440)],
    [gaussian("1150", 8, 1)],
    [gaussian("100", 3, 7)],
    [approximate("0.1", "1e-9", 100)],
    [approximate("0.5", "1e-7", 3)],
    [laplace("24", 1, 24), gaussian("493", 1, 24)],
    [laplace("10", 1, 30), laplace("4", 2, 5), approximate("0.25", "1e-8", 4)],
    [gaussian("50", 1, 10), gaussian("200", 3, 4)],
]


def of_one(release, pessimistic):
    options = dict(pessimistic_estimate=pessimistic, value_discretization_interval=INTERVAL)
    if release["kind"] == "discrete-laplace":
        rate = 1 / float(release["scale"])
        return pld.from_discrete_laplace_mechanism(rate, sensitivity=release["sensitivity"], **options)
    if release["kind"] == "discrete-gaussian":
        sigma = math.sqrt(float(release["variance"]))
        # dp_accounting keeps less of the tails by default than deltas of 1e-6 and hundreds of releases need.
        reach = math.ceil(12 * sigma) + release["sensitivity"]
        return pld.from_discrete_gaussian_mechanism(
            sigma, sensitivity=release["sensitivity"], truncation_bound=reach, **options)
    parameters = common.DifferentialPrivacyParameters(float(release["epsilon"]), float(release["delta"]))
    # There is no optimistic form of this one.
    return pld.from_privacy_parameters(parameters, value_discretization_interval=INTERVAL)


def google(case, pessimistic):
    parts = [of_one(release, pessimistic).self_compose(release["times"]) for release in case]
    composed = functools.reduce(lambda a, b: a.compose(b), parts)
    return composed.get_epsilon_for_delta(float(DELTA))


# --- the definition, at 40 digits -------------------------------------------------------------------------------


def losses(release):
    """Pairs (loss, probability) of one release, and the probability of an infinite loss."""
    if release["kind"] == "approximate":
        epsilon, delta = mpf(release["epsilon"]), mpf(release["delta"])
        keep = 1 - delta
        return {epsilon: keep / (1 + exp(-epsilon)), -epsilon: keep / (1 + exp(epsilon))}, delta
    distance = release["sensitivity"]
    if release["kind"] == "discrete-laplace":
        scale = mpf(release["scale"])
        p = exp(-1 / scale)
        result = {distance / scale: 1 / (1 + p)}
        for x in range(1, distance):
            result[(distance - 2 * x) / scale] = (1 - p) / (1 + p) * p**x
        result[-distance / scale] = result.get(-distance / scale, 0) + p**distance / (1 + p)
        return result, mpf(0)
    variance = mpf(release["variance"])
    reach = int(20 * math.sqrt(float(variance))) + 20
    weights = {x: exp(-mpf(x) * x / (2 * variance)) for x in range(-reach, reach + 1)}
    total = sum(weights.values())
    return {(distance**2 - 2 * distance * x) / (2 * variance): w / total for x, w in weights.items()}, mpf(0)


def definition(case):
    """Only where there are few points: products of binomials, else a convolution."""
    composed, infinite = {mpf(0): mpf(1)}, mpf(0)
    for release in case:
        one, failure = losses(release)
        times = release["times"]
        if len(one) == 2:
            (high, p), (low, q) = sorted(one.items(), reverse=True)
            repeated = {times * low + i * (high - low): binomial(times, i) * p**i * q ** (times - i)
                        for i in range(times + 1)}
        else:
            repeated = {mpf(0): mpf(1)}
            for _ in range(times):
                repeated = convolve(repeated, one)
        infinite = 1 - (1 - infinite) * (1 - failure) ** times
        composed = convolve(composed, repeated)

    def delta(epsilon):
        return infinite + sum(p * -expm1(epsilon - loss) for loss, p in composed.items() if loss > epsilon)

    low, high = mpf(0), max(composed)
    if delta(low) <= mpf(DELTA):
        return mpf(0)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if delta(middle) <= mpf(DELTA) else (middle, high)
    return high


def convolve(a, b):
    # Losses that differ by rounding at 40 digits only are the same.
    result, names = {}, {}
    for x, p in a.items():
        for y, q in b.items():
            key = mp.nstr(x + y, 25)
            loss = names.setdefault(key, x + y)
            result[loss] = result.get(loss, 0) + p * q
    return result


def points(case):
    total = 1
    for release in case:
        size = len(losses(release)[0])
        total *= release["times"] + 1 if size == 2 else size * release["times"]
    return total


# --- the other methods -------------------------------------------------------------------------------------------


def zcdp(case):
    """The conversion as a minimum over a fine grid of orders, by dp_accounting."""
    rho = sum(release["times"] * rho_of(release) for release in case)
    spent = sum(release["times"] * mpf(release.get("delta", 0)) for release in case)
    left = float(mpf(DELTA) - spent)
    centre = 1 + math.sqrt(math.log(1 / left) / float(rho))
    orders = [1 + (centre - 1) * 2 ** (k / 500) for k in range(-1500, 1501)]
    accountant = rdp.RdpAccountant(orders)
    accountant.compose(dp_event.ZCDpEvent(float(rho)))
    return accountant.get_epsilon(left)


def rho_of(release):
    if release["kind"] == "approximate":
        return mpf(release["epsilon"]) ** 2 / 2
    if release["kind"] == "discrete-laplace":
        return (release["sensitivity"] / mpf(release["scale"])) ** 2 / 2
    return release["sensitivity"] ** 2 / (2 * mpf(release["variance"]))


def renyi(case):
    """Divergences from the definition, conversion by dp_accounting."""
    totals = []
    spent = sum(release["times"] * mpf(release.get("delta", 0)) for release in case)
    for order in ORDERS:
        total = mpf(0)
        for release in case:
            if release["kind"] == "discrete-gaussian":
                total += release["times"] * order * rho_of(release)
                continue
            pairs, _ = losses({**release, "delta": "0"})
            moment = sum(p * exp((mpf(order) - 1) * loss) for loss, p in pairs.items())
            total += release["times"] * min(log(moment) / (mpf(order) - 1), order * rho_of(release))
        totals.append(float(total))
    # The conversion whose formula the accountant names; dp_accounting also takes the minimum with an older one.
    return rdp.compute_epsilon(ORDERS, totals, float(mpf(DELTA) - spent))[0]


def optimal(case):
    """Theorem 3.3 of Kairouz, Oh and Viswanath for one kind of release, between its points by the same binomial."""
    (release,) = case
    if release["kind"] == "approximate":
        return definition(case)
    epsilon = release["sensitivity"] / mpf(release["scale"])
    return definition([approximate(mp.nstr(epsilon, 40), "0", release["times"])])


def drv(case):
    (release,) = case
    epsilon = release["sensitivity"] / mpf(release["scale"])
    k = release["times"]
    return k * epsilon * expm1(epsilon) + epsilon * sqrt(2 * k * log(1 / mpf(DELTA)))


def entry(case):
    result = {"releases": case, "pessimistic": google(case, True), "concentrated": zcdp(case), "renyi": renyi(case)}
    if all(release["kind"] != "approximate" for release in case):
        result["optimistic"] = google(case, False)
    if points(case) <= 20_000:
        result["definition"] = float(definition(case))
    if len(case) == 1 and case[0]["kind"] != "discrete-gaussian":
        result["optimal"] = float(optimal(case))
    if len(case) == 1 and case[0]["kind"] == "discrete-laplace":
        result["advanced"] = float(drv(case))
    return result


print(json.dumps({
    "source": {name: version(name) for name in ("dp_accounting", "mpmath")},
    "interval": INTERVAL,
    "delta": DELTA,
    "cases": [entry(case) for case in CASES],
}, indent=2))
