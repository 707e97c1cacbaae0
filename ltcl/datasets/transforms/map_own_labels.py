"""Own masks, whose data set has found out what their values mean."""

from mmcv.transforms import BaseTransform

from ltcl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class MapOwnLabels(BaseTransform):
    """Gives masks the labels that ``ltcl.OwnScenes`` has for their values; stands after mmseg's ``LoadAnnotations``."""

    def transform(self, results: dict) -> dict:
        """Replace ``gt_seg_map`` (H, W) or (H, W, channels) where the masks do not hold labels, by (H, W)."""
        step = results.get('label_step')
        if step is not None:
            return step.transform(results)
        if results['gt_seg_map'].ndim == 3:  # grey as RGB, or with an alpha channel: the first channel is the label
            results['gt_seg_map'] = results['gt_seg_map'][..., 0]
        return results
