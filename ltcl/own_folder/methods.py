"""The methods that `ltcl train DATA` knows by name, and the one that it takes."""

from collections.abc import Mapping
from typing import NamedTuple

from ltcl.errors import UserError
from ltcl.launch.config_names import similar_names

CONFIG = 'ltcl::custom/{}_resnet50_1xb32-100e_own-images.py'
CLASSIFIER_CONFIG = 'ltcl::custom/linear_{}_resnet50_1xb32-40e_own-images.py'
LEARNED_BY = 'kcl'
"""Whose second training that of cRT and LWS is like: a linear classifier, images drawn class by class."""


class Method(NamedTuple):
    """A method as people choose it.

    Args:
        title: What it is called in a table.
        on_cosine: Its classifier on pretrained features is a cosine one: behind a hidden layer where the encoder is
            frozen, else on the features, starting from the class means.
        has_two_stages: It trains an encoder, and then a linear classifier.
        first: The method whose config it is trained by, or of two trainings the first; None: its own.
        is_trained: Its classifier is trained; otherwise it is what it starts from, on frozen features.
    """

    title: str
    on_cosine: bool = False
    has_two_stages: bool = False
    first: str | None = None
    is_trained: bool = True

    @property
    def in_table(self) -> str:
        """What its classifier is called beside others."""
        return f'{self.title}, linear' if self.has_two_stages and self.first is None else self.title


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
    'crt': Method('cRT', has_two_stages=True, first='cross-entropy'),
    'lws': Method('LWS', has_two_stages=True, first='cross-entropy'),
    'ncm': Method('nearest class mean', first='balanced-softmax', is_trained=False),
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
    """Name of the shipped config of a method; of two trainings, of the first.

    Raises:
        UserError: There is no such method.
    """
    if method not in METHODS:
        hint = similar_names(method, METHODS)
        raise UserError(f'--method {method}: there is {", ".join(METHODS)}{f"; {hint}" if hint else ""}')
    return CONFIG.format(METHODS[method].first or method)


def classifier_config_of(method: str) -> str:
    """Name of the shipped config of the second of two trainings."""
    return CLASSIFIER_CONFIG.format(LEARNED_BY if METHODS[method].first else method)


def title_of(model: Mapping) -> str:
    """What the method of a model is called in a table.

    Args:
        model: Config of the model.
    """
    head = model['head']
    if model['type'] == 'ltcl.FrozenEncoderClassifier':
        return 'linear classifier on a trained encoder'
    name = method_of(model)
    title = METHODS[name].title if name else f'{head["type"]} {_loss_of(head)}'.strip()
    return f'{title}, cosine' if head['type'] == 'ltcl.CosineClsHead' else title


def method_of(model: Mapping) -> str | None:
    """Name of the method of a model; None if it is none of :data:`METHODS`.

    Args:
        model: Config of the model.
    """
    head = model['head']
    if head['type'] == 'ltcl.PaCoHead':
        return 'paco' if model.get('key_views') else 'gpaco'
    return BY_HEAD.get(head['type'], BY_LOSS.get(_loss_of(head)))


def _loss_of(head: Mapping) -> str:
    return str((head.get('loss') or {}).get('type', ''))
