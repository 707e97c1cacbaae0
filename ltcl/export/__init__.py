"""Trained models as files that need none of this package: ONNX and ``torch.export``."""

from .exporting import Exported, export_model

__all__ = ['Exported', 'export_model']
