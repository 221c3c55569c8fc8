"""Change portfolios.

`portfolios` makes the things themselves, `ledger` writes their rows, `recalculation` stores what is
computed from them.
"""
