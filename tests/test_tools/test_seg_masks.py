"""The tools on masks as people have them: one line, status 1, before anything is trained."""

import re

import pytest
from mmengine.registry import DATASETS, init_default_scope
from toy_masks import mask_config, write_masks

from ltcl.analysis.seg_class_stats import annotations_only, count_dataset
from ltcl.errors import UserError
from ltcl.launch import explain


def written_config(root, folder, **changes):
    config = folder / 'config.py'
    mask_config(root, folder / 'run', **changes).dump(config)
    return config


def test_train_and_count_refuse_masks_of_0_and_255_alike(tmp_path, call):
    config = written_config(write_masks(tmp_path / 'data', lambda labels: labels * 255), tmp_path)
    error = call('train', config).mistake
    assert error.startswith('error: train_dataloader: ')
    assert "put dict(type='ltcl.MapLabels', values=[0, 255]) after LoadAnnotations" in error
    assert not list((tmp_path / 'run').glob('*.pth'))
    counted = call('seg-stats', config, '--out', tmp_path / 'stats.json').mistake
    assert 'ann_dir/train/0.png: only 0' in counted
    assert 'values=[0, 255]) after LoadAnnotations' in counted
    assert not (tmp_path / 'stats.json').exists()


def count(root, folder, **changes):
    init_default_scope('mmseg')
    cfg = mask_config(root, folder, **changes).train_dataloader.dataset
    return count_dataset(DATASETS.build(annotations_only(cfg.to_dict())))


def test_counting_reads_mapped_labels(tmp_path):
    root = write_masks(tmp_path / 'data', lambda labels: labels * 255)
    stats = count(root, tmp_path, steps=(dict(type='ltcl.MapLabels', values=[0, 255]),))
    assert (stats.image, stats.pixel) == ([4, 4], [4 * (40 * 44 - 256), 4 * 256])


def test_counting_compares_sizes_and_finds_missing_masks(tmp_path):
    root = write_masks(tmp_path / 'data', lambda labels: labels[:, :-1], where=lambda split, i: i == 1)
    with pytest.raises(UserError, match=r'train/1\.png has 43x40 pixels, but its image .* \(1 of the 4 masks\)'):
        count(root, tmp_path)
    (root / 'ann_dir/train/3.png').unlink()
    with pytest.raises(UserError, match=r'there is no mask .*train/3\.png .*1 of the 4 images have no mask'):
        count(root, tmp_path)


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (dict(img_suffix='.jpg'), "has no image: none of the 4 files in .* 4 in '.png': set img_suffix='.png'"),
        (
            dict(data_prefix=dict(img_path='none', seg_map_path='ann_dir')),
            'there is no folder .*none: correct data_root',
        ),
        (dict(ann_file='none.txt'), r'there is no list .*none\.txt: correct ann_file'),
    ],
)
def test_a_set_without_images_is_one_line(changes, words, tmp_path):
    init_default_scope('mmseg')
    cfg = mask_config(write_masks(tmp_path / 'data'), tmp_path / 'run').train_dataloader.dataset
    with pytest.raises((ValueError, OSError, AssertionError)) as error:
        DATASETS.build({**cfg.to_dict(), **changes})
    assert re.search(f'^BaseSegDataset:? {words}', explain(error.value))


def test_an_empty_folder_is_one_line(tmp_path):
    (tmp_path / 'img').mkdir()
    init_default_scope('mmseg')
    with pytest.raises(ValueError, match='at least one array') as error:
        DATASETS.build(dict(type='BaseSegDataset', data_root=str(tmp_path), data_prefix=dict(img_path='img')))
    assert 'there is no file in' in explain(error.value)
