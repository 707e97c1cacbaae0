"""Checkpoints of other code: read without running any of it, renamed to ours and back, verified.

Import from the modules: ``layouts`` tells a tool its options without loading torch.
"""
