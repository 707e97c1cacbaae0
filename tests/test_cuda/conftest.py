"""What runs on a GPU: `pytest -m cuda tests/test_cuda`. Without one these tests are skipped."""

import pytest
import torch

NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason='there is no GPU')


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == 'test_cuda':
            item.add_marker(pytest.mark.cuda)
            item.add_marker(NO_GPU)
