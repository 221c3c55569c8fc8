"""Bring files into ledgers.

`intake` keeps a file, `reading` makes its preview, `committing` writes it into the ledger or takes
it out again; `matching` knows what a row means, `runs` who works on an import.
"""
