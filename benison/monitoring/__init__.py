"""What live traffic looks like, window by window, and whether that is as it should be."""
