"""Operators: what secret bytes become. A new one is one module and one line in ``OPERATORS``."""
