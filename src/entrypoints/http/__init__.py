"""The HTTP doors: decode, identify, call one use case, encode."""
