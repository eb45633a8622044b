"""The controller's game: which export regime buys the most delay for the least forgone revenue."""
