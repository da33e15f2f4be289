"""What queueing theory says in closed form: calls that find all lines taken (Erlang B), requests that wait for a slot (Erlang C)."""

import math


def blocked(offered, lines):
    """Erlang B: the share of calls that find all `lines` taken. `offered`: calls at once if there were no limit. Any distribution of lengths."""
    share = 1.0
    for line in range(1, lines + 1):
        share = offered * share / (line + offered * share)
    return share


def waiting(offered, slots):
    """Erlang C: the share of requests that wait when all `slots` are taken. Exponential service; 1 when there are too few for ever."""
    if offered >= slots:
        return 1.0
    share = blocked(offered, slots)
    return share / (1 - offered / slots * (1 - share))


def waiting_longer(offered, slots, service_seconds, seconds):
    """The share of requests that wait longer than this, first come first served."""
    if offered >= slots:
        return 1.0
    return waiting(offered, slots) * math.exp(-(slots - offered) * seconds / service_seconds)


def least(satisfied, first=1):
    """The smallest whole number from `first` on that satisfies, when all larger ones do too."""
    low, high = first - 1, max(first, 1)
    while not satisfied(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if satisfied(middle) else (middle, high)
    return high


def lines_for(offered, blocked_max):
    return least(lambda lines: blocked(offered, lines) <= blocked_max, max(1, int(offered) - int(6 * math.sqrt(offered)) - 6))


def slots_for(offered, service_seconds, seconds, late_max):
    """Slots with which at most `late_max` of the requests wait longer than `seconds`."""
    return least(lambda slots: waiting_longer(offered, slots, service_seconds, seconds) <= late_max, max(1, int(offered)))
