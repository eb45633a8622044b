"""Which scenarios a study consists of, and what is concluded from their numbers. Nothing is solved here."""
