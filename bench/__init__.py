"""How fast the service is, beside programs that do as little as can be done: `make bench`, and bench/README.md."""
