"""What is measured on a test set; importing this package registers the metrics."""

from .metrics import *  # noqa: F403
