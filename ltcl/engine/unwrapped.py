"""The model that a config describes, out of what was put around it."""

from typing import Any

from mmengine.model import BaseTTAModel, is_model_wrapper


def is_augmented(model: Any) -> bool:
    """Whether a model answers for several views of each image, as with ``ltcl test --tta``."""
    while is_model_wrapper(model):
        model = model.module
    return isinstance(model, BaseTTAModel)


def unwrapped(model: Any) -> Any:
    """The model without the wrappers of several processes and of test-time augmentation."""
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model
