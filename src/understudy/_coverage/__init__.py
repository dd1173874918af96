"""Lifecycle coverage: which statuses, transitions and outcomes a suite has met."""
