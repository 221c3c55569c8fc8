"""How figures come about: trees of the numbers that each is made of."""
