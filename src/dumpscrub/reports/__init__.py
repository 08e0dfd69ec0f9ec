"""Tables for people and JSON for machines."""
