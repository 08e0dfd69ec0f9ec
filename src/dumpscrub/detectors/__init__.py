"""Detectors: what a hit in a window means. A new one is one module and one line in ``DETECTORS``."""
