"""Prices at which the world's market for chips clears, and each country's plan at them."""
