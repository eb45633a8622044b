"""Studies: each turns one question into solves."""
