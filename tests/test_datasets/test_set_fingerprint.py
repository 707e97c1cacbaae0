"""What tells one set of images from another."""

import numpy as np

from ltcl.datasets.set_fingerprint import describe_set


class Images:
    """A data set of some dicts."""

    def __init__(self, *infos, classes=('a', 'b')):
        self.infos, self.metainfo = infos, {'classes': classes}

    def __len__(self):
        return len(self.infos)

    def get_data_info(self, index):
        return self.infos[index]


def files(folder, *names, **more):
    return Images(*({'img_path': f'{folder}/{name}', 'gt_label': int(name[0])} for name in names), **more)


def test_place_and_order_change_nothing():
    one, other = files('/data', '0/x.jpg', '1/y.jpg'), files('/other/place', '1/y.jpg', '0/x.jpg')
    assert describe_set(one) == describe_set(other)
    assert describe_set(one)['images'] == 2


def test_names_labels_and_classes_change_it():
    infos = [{'img_path': '/data/0/x.jpg', 'gt_label': 0}, {'img_path': '/data/1/y.jpg', 'gt_label': 0}]
    sets = [
        files('/data', '0/x.jpg', '1/y.jpg'),
        files('/data', '0/x.jpg', '1/z.jpg'),
        files('/data', '0/x.jpg', '1/y.jpg', '1/z.jpg'),
        files('/data', '0/x.jpg', '1/y.jpg', classes=('a', 'c')),
        Images(*infos),
    ]
    assert len({describe_set(each)['fingerprint'] for each in sets}) == len(sets)


def test_pixels_tell_images_in_memory_and_masks_scenes():
    images = [Images({'img': np.full((2, 2), level, np.uint8), 'gt_label': 1}) for level in (3, 4)]
    scenes = [Images({'img_path': '/a/x.png', 'seg_map_path': f'/b/{name}.png'}) for name in 'xy']
    prints = [describe_set(each)['fingerprint'] for each in (*images, *scenes)]
    assert len(set(prints)) == 4
    assert prints == [describe_set(each)['fingerprint'] for each in (*images, *scenes)]
