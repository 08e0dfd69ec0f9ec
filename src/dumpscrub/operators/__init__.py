"""Operators: what secret bytes become. A new one is one module and one line in ``OPERATORS``."""

from __future__ import annotations

from collections.abc import Mapping

from dumpscrub.operators.base import Operator
from dumpscrub.operators.mask import Mask

OPERATORS: Mapping[str, Operator] = {operator.name: operator for operator in (Mask(),)}
"""Operators by the action that calls for them."""
