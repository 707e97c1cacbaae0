"""A practitioner's own images and masks: found, counted, divided, and a config for them. Imports no mmseg."""

from ..launch.building import without_remarks

with without_remarks():
    from .config import scene_config
    from .layout import Part, Scenes, find_scenes, is_scene_folder
    from .pairing import Pair

__all__ = ['Pair', 'Part', 'Scenes', 'find_scenes', 'is_scene_folder', 'scene_config']
