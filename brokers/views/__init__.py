"""The pages of imports and of connections to brokers."""
