"""Series of returns that published test suites use."""

import math
from itertools import pairwise

NAN = math.nan


def percent(*returns):
    return [each / 100 for each in returns]


# The series of empyrical's tests.
MIXED = percent(NAN, 1, 10, -4, 2, 3, 2, 1, -10)
UNBROKEN = percent(0, 1, 10, -4, 2, 3, 2, 1, -10)
POSITIVE = percent(1, 2, 1, 1, 1, 1, 1, 1, 1)
NEGATIVE = percent(0, -6, -7, -1, -9, -2, -6, -8, -5)
ALL_NEGATIVE = percent(-2, -6, -7, -1, -9, -2, -6, -8, -5)
BENCHMARK = percent(0, 1, 0, 1, 0, 1, 0, 1, 0)
FLAT = percent(*[1] * 9)
ONE = [
    *(-0.00171614, 0.01322056, 0.03063862, -0.01422057),
    *(-0.00489779, 0.01268925, -0.03357711, 0.01797036),
]
TWO = [
    *(0.01846232, 0.00793951, -0.01448395, 0.00422537),
    *(-0.00339611, 0.03756813, 0.0151531, 0.03549769),
]
#: That of Portfolio Performance's tests.
UPS_AND_DOWNS = [0.005, -1 / 300, -0.005, 0.01, 0.01, -0.005]
#: Whose value rises and falls in straight lines: 100 to 120, to 102, and to 125.
PRICES = [
    *(100 + 20 * day / 14 for day in range(15)),
    *(120 - 1.2 * day for day in range(1, 16)),
    *(102 + 23 * day / 15 for day in range(1, 16)),
]
#: The last price is carried over one more day.
LINES = [now / before - 1 for before, now in pairwise([*PRICES, PRICES[-1]])]
