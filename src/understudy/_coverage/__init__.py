"""Lifecycle coverage: the statuses, transitions and outcomes a suite covered."""
