"""How much of a network is tuned."""

from .options import apply_tuning, tune_options

__all__ = ['apply_tuning', 'tune_options']
