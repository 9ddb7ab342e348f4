"""What a request costs once there are many payments: `make bench-growth`, and bench/README.md."""
