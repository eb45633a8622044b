"""Studies of many scenarios: what is asked and answered, kept in a file, solved to the end."""
