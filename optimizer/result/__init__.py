"""What a solve leaves behind: runs, tidy strategies, metrics against the leader, run directories."""
