"""What is wrong with a model, in sentences that the saved predictions bear out."""

from .finding import Finding
from .of_answers import diagnose
from .of_scenes import diagnose_scenes

__all__ = ['Finding', 'diagnose', 'diagnose_scenes']
