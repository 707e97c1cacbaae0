"""Own masks, whose data set has found out what their values mean."""

from mmcv.transforms import BaseTransform

from ltcl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class MapOwnLabels(BaseTransform):
    """Gives masks the labels that ``ltcl.OwnScenes`` has for their values; stands after mmseg's ``LoadAnnotations``."""

    def transform(self, results: dict) -> dict:
        """Replace ``gt_seg_map`` where the masks do not hold labels."""
        step = results.get('label_step')
        return results if step is None else step.transform(results)
