"""The drawings of the methods show what their configs and code do."""

import re

import pytest
from from_code.flow import State, read_flow
from from_code.flow_picture import picture
from from_code.links import relinked
from from_code.method_pages import examples, folders, page
from from_code.repository import CONFIGS, DOCS


def flow_of(name: str):
    [path] = CONFIGS.rglob(f'{name}.py')
    return read_flow(path)


@pytest.fixture(scope='module')
def bcl():
    return flow_of('bcl_resnet20_1xb128-100e_fashion-mnist-lt-small')


def test_views_state_and_losses(bcl):
    assert (len(bcl.online), len(bcl.keys), bcl.has_momentum, bcl.projector) == (3, 0, False, 32)
    assert bcl.losses == ('logit_adjusted_loss', 'balanced_contrastive_loss')
    assert bcl.terms == ('loss_cls', 'loss_con')
    assert bcl.hooks == ('ClassCountsHook',)
    assert State('fc', 'CosineLinear', '64 to 10') in bcl.state
    assert 'prototype_projector' in [state.name for state in bcl.state]


def test_momentum_encoder_queue_and_targets():
    flow = flow_of('tsc-queue_resnet20_1xb128-100e_fashion-mnist-lt-small')
    assert (len(flow.online), len(flow.keys), flow.has_momentum) == (1, 1, True)
    assert State('queue', 'FeatureQueue', '512 rows') in flow.state
    assert State('targets', '', '10 × 32') in flow.state
    assert flow.losses == ('k_positive_contrastive_loss',)
    assert set(flow.hooks) == {'FeatureBankHook', 'MomentumUpdateHook', 'TargetAssignmentHook'}
    assert not flow.classifies
    assert 'momentum encoder' in picture(flow)


def test_second_stage_and_what_is_not_trained():
    second = flow_of('crt_cross-entropy_resnet20_1xb128-20e_fashion-mnist-lt-small')
    assert (second.sampler, second.trained, second.losses) == (
        'ClassAwareSampler',
        'kept as it is',
        ('CrossEntropyLoss',),
    )
    assert flow_of('tau-norm_cross-entropy_resnet20_fashion-mnist-lt-small').terms == ()
    assert flow_of('balpoe_resnet20_1xb128-100e_fashion-mnist-lt-small').mixing == ('Mixup',)


def test_branches_of_a_decode_head():
    flow = flow_of('gpaco_deeplabv3plus-r18_1xb8-2000i_fashion-scenes')
    assert flow.losses == ('CrossEntropyLoss', 'dense_paco_loss')
    assert flow.terms == ('loss_ce', 'loss_gpaco')
    assert [state.kind for state in flow.state] == ['GPaCoBranch']


def test_every_method_is_drawn():
    """All folders but those of configs for own images, which cannot be built without them."""
    without = {folder.relative_to(CONFIGS).as_posix() for folder in folders() if not examples(folder)}
    assert without == {'custom', 'seg/custom'}


def test_drawing_names_everything(bcl):
    drawn = re.findall(r'<text[^>]*>([^<]+)</text>', picture(bcl))
    for name in (bcl.head, *bcl.losses, *bcl.hooks, 'loss_cls + loss_con', 'embeddings, width 32'):
        assert name in drawn
    assert '\n\n' not in picture(bcl)


def test_page_has_readme_drawing_and_parts():
    text = page(CONFIGS / 'bcl')
    assert text.startswith('# BCL')
    assert text.index('<figure') < text.index('```bash') < text.index('## What it is made of')
    assert '| {py:obj}`BCLHead <ltcl.models.heads.BCLHead>` | Head of [BCL](https://arxiv.org/abs/2207.09052)' in text


def test_links_lead_to_pages_of_the_site():
    text = '[a](../tsc/README.md#tsc-against-kcl) `[b](c.md)` [`d`](../../docs/export.md) [e](../_base_) [f](bcl.py)'
    shown = relinked(text, CONFIGS / 'bcl' / 'README.md', DOCS / 'methods' / 'bcl.md')
    assert shown == '[a](tsc.md#tsc-against-kcl) `[b](c.md)` [`d`](../export.md) e [f](../../configs/bcl/bcl.py)'
