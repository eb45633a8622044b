"""Answers: plans and what is said of them, typed; nothing here prints or solves."""
