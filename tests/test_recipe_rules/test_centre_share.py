import math

import pytest
import torch
from shipped_configs import PATHS, name_of, read

from ltcl.functional import paco_loss
from ltcl.recipe_rules.centre_share import (
    PUBLISHED_ALPHA,
    alpha_for,
    centre_share,
    expected_positives,
    largest_share,
    least_share,
    remark_on_share,
)

IMAGENET_LT = dict(images=115846, largest=1280, rows=8192 + 2 * 32)


def test_published_settings_and_the_same_ones_on_1495_images():
    """0.18 on ImageNet-LT; 0.05 with a quarter of the queue on 18 classes of at most 250 images."""
    published = expected_positives(IMAGENET_LT['rows'], IMAGENET_LT['largest'], IMAGENET_LT['images'])
    assert published == pytest.approx(91.22, abs=0.01)
    assert centre_share(PUBLISHED_ALPHA, published) == pytest.approx(0.18, abs=0.001)
    small = expected_positives(2048 + 2 * 32, 250, 1495)
    assert centre_share(PUBLISHED_ALPHA, small) == pytest.approx(0.05, abs=0.005)


def test_loss_is_least_where_the_centre_has_its_share():
    """One anchor, three positives and two negatives; of its candidates each has the weight that PaCo gives it."""
    alpha, none = 0.25, -40.0
    logits = torch.tensor([[none, none, 0.0, none]], dtype=torch.float64, requires_grad=True)
    rows = torch.tensor([[math.log(alpha)]] * 3 + [[none]] * 2, dtype=torch.float64, requires_grad=True)
    anchors, row_labels = torch.ones(1, 1, dtype=torch.float64), torch.tensor([2, 2, 2, 0, 1])
    loss = paco_loss(anchors, torch.tensor([2]), rows, row_labels, logits=logits, alpha=alpha, temperature=1.0)
    for gradient in torch.autograd.grad(loss, [logits, rows]):
        assert gradient.abs().max() < 1e-9
    candidates = torch.cat([logits[0], rows[:, 0]]).softmax(0)
    assert candidates[2].item() == pytest.approx(centre_share(alpha, positives=3), abs=1e-9)


def test_alpha_for_is_the_inverse():
    assert alpha_for(0.4, 90) == pytest.approx(1.5 / 90)
    assert centre_share(alpha_for(0.4, 90), 90) == pytest.approx(0.4)


@pytest.mark.parametrize(('num_classes', 'expected'), [(2, 0.18), (18, 0.18), (365, 10 / 365), (1000, 0.01)])
def test_least_share(num_classes, expected):
    assert least_share(num_classes) == expected


CLIPART = [250] * 4 + [40] * 12 + [12, 3]


def test_remark_names_a_number_that_silences_it():
    assert sum(CLIPART) == 1495
    remark = remark_on_share(CLIPART, 2048, 64, alpha=0.045)
    assert 'asks only 0.059 of the centre of the largest class, whose images meet 353 of their class' in remark
    assert '--fit-recipe' in remark
    assert 'leave alpha and queue_len out of them' in remark  # with a folder there is no such option
    named = float(remark.partition('model.head.alpha=')[2].partition(',')[0])
    assert named == 0.0028
    assert largest_share(CLIPART, 2112, named) == pytest.approx(0.5, abs=0.01)
    assert remark_on_share(CLIPART, 2048, 64, named) is None


# Images, largest class and number of classes by the end of a config's name.
DATA = {
    'imagenet-lt': (115846, 1280, 1000),
    'places-lt': (62500, 4980, 365),
    'inat2018': (437513, 1000, 8142),
    'imagenet': (1281167, 1300, 1000),
    'cifar100-lt-if100': (10847, 500, 100),
    'cifar100-lt-if50': (12608, 500, 100),
    'cifar100-lt-if10': (19573, 500, 100),
    'cifar100': (50000, 500, 100),
    'fashion-mnist-lt-small': (1236, 500, 10),
    'fashion-mnist-lt-full': (14831, 6000, 10),
}
PACO = [path for path in PATHS if read(path).model.get('head', {}).get('type') == 'ltcl.PaCoHead']


@pytest.mark.parametrize('path', [path for path in PACO if path.parent.name != 'custom'], ids=name_of)
def test_no_remark_on_a_shipped_config_on_its_own_data(path):
    cfg = read(path)
    images, largest, num_classes = DATA[path.stem.split('_')[-1]]
    others = [(images - largest) // (num_classes - 1)] * (num_classes - 1)
    views = len(cfg.model.online_views) + len(cfg.model.get('key_views', ()))
    head = cfg.model.head
    remark = remark_on_share(
        [largest, *others], head.queue_len, views * cfg.train_dataloader.batch_size, head.get('alpha', 0.05)
    )
    assert remark is None
