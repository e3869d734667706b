"""notices: who was told, or is to be told, of what became of challengers, champions, rollouts and runs."""
