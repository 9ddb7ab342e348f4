"""Stripe: calls through its official SDK, and deliveries checked and read by our own code, which is eighty times cheaper."""
