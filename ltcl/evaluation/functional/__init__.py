"""Metrics as pure functions: tensors in, tensors or a dict out."""

from .shot import accuracy_summary, class_accuracy, class_hits, shot_accuracy, shot_groups

__all__ = ['accuracy_summary', 'class_accuracy', 'class_hits', 'shot_accuracy', 'shot_groups']
