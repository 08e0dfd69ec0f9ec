"""Dumps with planted secrets, and what is needed to count which of them still stand. Not part of the package."""
