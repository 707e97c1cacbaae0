"""Slow plain forms of the losses, written from the published formulas, that the fast ones must equal."""
