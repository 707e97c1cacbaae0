"""Segmentation configs set the scope of mmseg."""

import pytest
import torch
from mmengine.registry import init_default_scope

import ltcl.models.decode_heads  # noqa: F401 (registers the heads)


@pytest.fixture(autouse=True)
def default_scope():
    """In place of the scope of classification configs."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
