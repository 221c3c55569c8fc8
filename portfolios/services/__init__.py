"""Change portfolios: `portfolios` the things themselves, `ledger` their rows, `recalculation`
what is computed from them.
"""
