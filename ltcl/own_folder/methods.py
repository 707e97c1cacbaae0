"""The methods that `ltcl train DATA` knows by name, and the one that it takes."""

from collections.abc import Mapping
from typing import NamedTuple

from ltcl.errors import UserError
from ltcl.launch.config_names import similar_names

CONFIG = 'ltcl::custom/{}_resnet50_1xb32-100e_own-images.py'
CLASSIFIER_CONFIG = 'ltcl::custom/linear_{}_resnet50_1xb32-40e_own-images.py'


class Method(NamedTuple):
    """A method as people choose it.

    Args:
        title: What it is called in a table.
        on_cosine: Its classifier on pretrained features is a cosine one: behind a hidden layer where the encoder is
            frozen, else on the features, starting from the class means.
        has_two_stages: It trains an encoder, and then a linear classifier.
    """

    title: str
    on_cosine: bool = False
    has_two_stages: bool = False


# The first is taken where none is named: the best of the cheap ones on openclipart, see docs/train_on_a_folder.md.
METHODS = {
    'balanced-softmax': Method('balanced softmax', on_cosine=True),
    'cross-entropy': Method('cross entropy'),
    'logit-adjustment': Method('logit adjustment', on_cosine=True),
    'ldam': Method('LDAM', on_cosine=True),
    'balpoe': Method('BalPoE'),
    'paco': Method('PaCo'),
    'gpaco': Method('GPaCo'),
    'multi-task': Method('multi-task'),
    'bcl': Method('BCL'),
    'proco': Method('ProCo'),
    'resco': Method('ResCo'),
    'rescom': Method('ResCom'),
    'kcl': Method('KCL', has_two_stages=True),
    'tsc': Method('TSC', has_two_stages=True),
}
DEFAULT = next(iter(METHODS))
BY_LOSS = {
    'ltcl.BalancedSoftmaxLoss': 'balanced-softmax',
    'ltcl.LogitAdjustedLoss': 'logit-adjustment',
    'ltcl.LDAMLoss': 'ldam',
    'CrossEntropyLoss': 'cross-entropy',
}
BY_HEAD = {
    'ltcl.BalPoEHead': 'balpoe',
    'ltcl.MultiTaskHead': 'multi-task',
    'ltcl.BCLHead': 'bcl',
    'ltcl.ProCoHead': 'proco',
    'ltcl.ResCoHead': 'resco',
    'ltcl.ResComHead': 'rescom',
    'ltcl.KCLHead': 'kcl',
    'ltcl.TSCHead': 'tsc',
}


def config_of(method: str) -> str:
    """Name of the shipped config of a method.

    Raises:
        UserError: There is no such method.
    """
    if method not in METHODS:
        hint = similar_names(method, METHODS)
        raise UserError(f'--method {method}: there is {", ".join(METHODS)}{f"; {hint}" if hint else ""}')
    return CONFIG.format(method)


def title_of(model: Mapping) -> str:
    """What the method of a model is called in a table.

    Args:
        model: Config of the model.
    """
    head = model['head']
    if model['type'] == 'ltcl.FrozenEncoderClassifier':
        return 'linear classifier on a trained encoder'
    loss = str((head.get('loss') or {}).get('type', ''))
    if head['type'] == 'ltcl.PaCoHead':
        name = 'paco' if model.get('key_views') else 'gpaco'
    else:
        name = BY_HEAD.get(head['type'], BY_LOSS.get(loss, ''))
    title = METHODS[name].title if name else f'{head["type"]} {loss}'.strip()
    return f'{title}, cosine' if head['type'] == 'ltcl.CosineClsHead' else title
