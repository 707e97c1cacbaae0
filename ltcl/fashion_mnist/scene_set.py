"""The composed scenes as a data set of mmseg. Imports mmseg: only segmentation configs name this module."""

import shlex
from pathlib import Path
from typing import Any

from mmseg.datasets import BaseSegDataset

from ..errors import UserError
from ..registry import DATASETS
from .scenes import CLASSES, PALETTE


@DATASETS.register_module()
class FashionScenes(BaseSegDataset):
    """Scenes of Fashion-MNIST garments, as ``ltcl data fashion-scenes`` writes them.

    Args:
        **kwargs: Arguments of mmseg's ``BaseSegDataset``.

    Raises:
        UserError: The scenes are not there.
    """

    METAINFO = dict(classes=CLASSES, palette=[list(colour) for colour in PALETTE])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{'img_suffix': '.png', **kwargs})

    def load_data_list(self) -> list[dict]:
        """Paths of pictures and label maps."""
        folder = Path(self.data_prefix['img_path'])
        if not folder.is_dir():
            out = shlex.quote(str(self.data_root))
            raise UserError(f'there are no scenes in {folder}: run `ltcl data fashion-scenes --out {out}`')
        return super().load_data_list()
