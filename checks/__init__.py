"""What `make check` looks at beyond lint, types and layers; each module runs alone, as `python -m checks.<name>`."""
