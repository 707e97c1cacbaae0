"""What the masks of a segmentation data set hold, compared with its classes before a training and during it."""

from .diagnosis import diagnose, remarks
from .label_rule import CheckLabels, LabelRule
from .mask_sets import MaskSet, find_mask_sets, may_change_labels
from .read_mask import ReadMask, check_size, size_in_header
from .survey import Look, Survey, find_missing, look_at, take_survey

__all__ = [
    'CheckLabels',
    'LabelRule',
    'Look',
    'MaskSet',
    'ReadMask',
    'Survey',
    'check_size',
    'diagnose',
    'find_mask_sets',
    'find_missing',
    'look_at',
    'may_change_labels',
    'remarks',
    'size_in_header',
    'take_survey',
]
