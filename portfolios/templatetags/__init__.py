"""Tags for the pages of portfolios."""
