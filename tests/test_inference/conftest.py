"""A trained segmentation, for those who use one."""

from trained_scenes import model, root, run  # noqa: F401 (fixtures)
