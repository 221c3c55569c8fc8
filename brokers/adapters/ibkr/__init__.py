"""Interactive Brokers, by Flex statements: `parser` reads them."""
