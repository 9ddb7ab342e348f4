"""The doors: who may ask, and where everything is plugged together."""
