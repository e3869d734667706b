"""What carries a challenger to live traffic: who answers which request, and the log of every step."""
