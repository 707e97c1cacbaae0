"""What the masks of a segmentation data set hold, compared with its classes before a training and during it."""

from .diagnosis import diagnose, remarks
from .label_rule import CheckLabels, LabelRule
from .mask_sets import MaskSet, find_mask_sets
from .read_mask import ReadMask
from .survey import Look, Survey, look_at, take_survey

__all__ = [
    'CheckLabels',
    'LabelRule',
    'Look',
    'MaskSet',
    'ReadMask',
    'Survey',
    'diagnose',
    'find_mask_sets',
    'look_at',
    'remarks',
    'take_survey',
]
