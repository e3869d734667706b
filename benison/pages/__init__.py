"""What HTML pages are built from: markup, figures in words, drawings, and how data and its checks are shown."""
