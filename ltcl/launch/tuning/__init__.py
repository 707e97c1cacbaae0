"""How much of a network is tuned."""
