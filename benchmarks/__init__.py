"""How fast it is, with numbers that are kept."""
