"""A broker of our own, spoken to over HTTP only.

It keeps its own books, by code of its own, so that what a sync makes of its answers can be compared
with the truth.
"""
