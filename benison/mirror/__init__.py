"""Other registries that show what the promotion log says: they follow it, and nothing is read back from them."""
