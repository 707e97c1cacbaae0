"""What masks are written with: the values that those of the training had."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from own_scenes import write_scenes

from ltcl.export.predict_onnx import FolderError, MaskFolder, mask_names
from ltcl.inference.mask_values import mask_values
from ltcl.own_scenes.next_commands import next_commands
from ltcl.own_scenes.sources import SceneSources


def values_of(classes, steps=(), **about):
    return mask_values(
        SimpleNamespace(
            checkpoint=dict(meta=dict(dataset_meta=about)),
            classes=classes,
            test_dataloader=dict(dataset=dict(pipeline=list(steps))),
        )
    )


@pytest.mark.parametrize(
    ('lines', 'values'),
    [
        (['0,ground', '100,crack', '7,void'], [0, 100, 7]),
        (['0,ground', '255,crack'], [0, 255, 254]),  # nothing is void, and 255 is a class
        (['0,ground', '255,crack', '254,crack'], [0, 255, 253]),
        (['0,void', '1,ground', '2,crack', '3,crack'], [1, 2, 0]),
        (['0,0,0,ground', '128,0,0,crack', '0,0,9,void'], [(0, 0, 0), (128, 0, 0), (0, 0, 9)]),
        (['0,0,0,ground', '128,0,0,crack'], [(0, 0, 0), (128, 0, 0), (255, 255, 255)]),
        (['255,255,255,ground', '128,0,0,crack'], [(255, 255, 255), (128, 0, 0), (254, 254, 254)]),
        (['0,0,0,ground', '128,0,0,crack', '255,255,255,crack'], [(0, 0, 0), (128, 0, 0), (254, 254, 254)]),
    ],
)
def test_values_of_own_masks(lines, values):
    found = values_of(['ground', 'crack'], label_lines=lines)
    assert (found.values, found.void) == (values, values[-1])
    assert found.of(np.uint8([[0, 1, 255]])).tolist() == np.array([values]).tolist()
    if isinstance(values[0], tuple):
        assert found.palette is None
    else:
        colours = [found.palette[value] for value in values]
        assert len(set(colours)) == len(values)


@pytest.mark.parametrize(
    ('about', 'steps', 'values'),
    [
        ({}, [], [0, 1, 255]),
        (dict(reduce_zero_label=True), [], [1, 2, 0]),
        ({}, [dict(type='ltcl.MapLabels', values=[0, 255], void=[9])], [0, 255, 9]),
        ({}, [dict(type='ltcl.MapLabels', values=[[0, 0, 0], [9, 0, 0]])], [(0, 0, 0), (9, 0, 0), (255, 255, 255)]),
    ],
)
def test_values_of_other_sets(about, steps, values):
    assert values_of(['a', 'b'], steps, **about).values == values


def test_a_class_of_the_training_may_be_called_void():
    lines = ['255,', '0,ground', '7,Void', '9,crack']
    assert values_of(['ground', 'Void', 'crack'], label_lines=lines).values == [0, 7, 9, 255]


def test_the_palette_is_that_of_the_data_set():
    found = values_of(['a', 'b'], palette=[[1, 2, 3], [4, 5, 6]], label_lines=['3,a', '5,b'])
    assert (found.palette[3], found.palette[5], found.palette[4]) == ((1, 2, 3), (4, 5, 6), (4, 4, 4))


@pytest.mark.parametrize(
    ('given', 'images', 'names'),
    [
        (['a'], ['a/1.jpg', 'a/b/1.jpg'], ['1.png', 'b/1.png']),
        (['a', 'b/2.png'], ['a/1.jpg', 'b/2.png'], ['a/1.png', 'b/2.png']),
        (['a'], ['a/1.jpg', 'a/1.tif', 'a/2.jpg'], ['1.jpg.png', '1.tif.png', '2.png']),
        (['a'], ['a/1.jpg', 'a/1.tif', 'a/1.jpg.png'], ['1.jpg.png', '1.tif.png', '1.jpg.png.png']),
        (['a/1.jpg', 'a/1.jpg'], ['a/1.jpg', 'a/1.jpg'], ['1.png', '1.png']),
    ],
)
def test_names_of_masks_differ_where_those_of_images_do(tmp_path, monkeypatch, given, images, names):
    monkeypatch.chdir(tmp_path)
    for folder in ('a/b', 'b'):
        Path(folder).mkdir(parents=True)
    assert mask_names(given, images) == names


def test_a_folder_takes_predictions_again_and_keeps_other_files(tmp_path):
    masks = dict(values=[(0, 0, 0), (9, 0, 0), (0, 0, 9)], palette=None)
    (tmp_path / 'notes.txt').write_text('kept')
    for label in (0, 1):
        folder = MaskFolder(str(tmp_path), ['a.jpg'], ['a.jpg'], ['=1', 'b'], masks, with_rejected=True)
        folder.add('a.jpg', np.full((2, 3), label), np.full((2, 3), 0.5, np.float32))
        assert (tmp_path / 'predictions.csv').read_text().splitlines() == [
            '"path","mask","confidence","rejected","share_=1","share_b"',
            f'"a.jpg","a.png",0.5,0.0,{float(label == 0)},{float(label == 1)}',
        ]
    assert {path.name for path in tmp_path.iterdir()} == {'notes.txt', 'a.png', 'predictions.csv'}
    (tmp_path / 'file').touch()
    with pytest.raises(FolderError, match='it is a file'):
        MaskFolder(str(tmp_path / 'file'), ['a.jpg'], ['a.jpg'], ['a', 'b'], masks, with_rejected=False)


@pytest.mark.parametrize(
    ('layout', 'images'),
    [
        (dict(), 'images'),
        (dict(image='train/images/{}.png', mask='train/masks/{}.png'), 'train/images'),
        (dict(image='images/train/{}.png', mask='masks/train/{}.png'), 'images/train'),
        (dict(image='{}.png', mask='{}_mask.png'), '1.png'),
    ],
)
def test_the_command_that_is_proposed_names_images_without_masks(tmp_path, layout, images):
    root = str(write_scenes(tmp_path / 'my scenes', 2, **layout))
    assert SceneSources(root).scenes.pairs
    predict, *_ = next_commands('work_dirs/run', root)
    assert predict == f"ltcl predict work_dirs/run '{root}/{images}' --out predicted_masks"
