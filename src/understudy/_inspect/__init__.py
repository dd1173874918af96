"""Inspection of cassettes: text and HTML views, findings, checks against specs."""
