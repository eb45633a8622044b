"""Rules of export and import control: what they may say, when they hold, and what they decide together."""
