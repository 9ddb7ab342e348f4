"""The whole world in memory: part of the product, held to the same contracts as the real adapters."""
