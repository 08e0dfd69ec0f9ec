"""Rules: their syntax, how they are loaded, and how they are checked."""
