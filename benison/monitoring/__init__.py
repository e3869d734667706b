"""What live traffic looks like, window by window, and whether that is as it should be: pure, but for the log of windows."""
