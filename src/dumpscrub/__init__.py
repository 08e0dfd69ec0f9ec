"""Makes process dumps safe to share."""
