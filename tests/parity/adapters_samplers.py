"""Golden cases of the class-wise samplers: index streams, probabilities, updates of priorities."""

import random
import re
from itertools import islice

import numpy as np
from fake_labels import Labels
from harness import Case, adapter, close

from ltcl.datasets.samplers import ClassAwareSampler, ClassPrioritySampler, InstancePrioritySampler

# What the recorded runs were made with, as their page says; no key tells.
DECAY = dict(root=8, decay_gap=2)
CLASS_UPDATE = dict(momentum=0.3)


@adapter('tsc_kcl', 'sampler_class_aware')
def class_aware(case: Case) -> None:
    dataset = Labels(case['labels'])
    for group_size in case['samples_per_class'].tolist():
        length = int(case['class_counts'].max()) * len(case['class_counts'])  # as published
        assert length == case['length']
        sampler = ClassAwareSampler(dataset, group_size, seed=case['seed'].item(), num_samples=length)
        np.testing.assert_array_equal(sampler.class_counts, case['class_counts'])
        seen = []
        for epoch in range(case['num_epochs'].item()):
            sampler.set_epoch(epoch)
            seen.append(list(sampler))
        recorded = {name: case[f'n{group_size}_{name}'] for name in ('indices', 'class_counts', 'index_counts')}
        np.testing.assert_array_equal(seen, recorded['indices'])
        num_classes = len(case['class_counts'])
        per_class = [np.bincount(case['labels'][indices], minlength=num_classes) for indices in seen]
        np.testing.assert_array_equal(per_class, recorded['class_counts'])
        index_counts = np.bincount(np.ravel(seen), minlength=len(case['labels']))
        np.testing.assert_array_equal(index_counts, recorded['index_counts'])


def probabilities(sampler: ClassPrioritySampler | InstancePrioritySampler, epoch: int = 0) -> np.ndarray:
    sampler.set_epoch(epoch)
    return sampler.weights() / sampler.weights().sum()


def assert_static(case: Case, dataset: Labels) -> None:
    for row, by_class, by_image in zip(
        case['static_settings'], case['class_level_prob'], case['instance_level_prob'], strict=True
    ):
        balance, root, manual_only, fixed_scale, balance_scale = row.tolist()
        options = dict(
            balance=balance,
            root=None if root < 0 else root,
            manual_only=bool(manual_only),
            fixed_scale=fixed_scale,
            balance_scale=balance_scale,
        )
        close(probabilities(ClassPrioritySampler(dataset, **options)), by_class)
        if fixed_scale >= 0:
            close(probabilities(InstancePrioritySampler(dataset, **options)), by_image)
        else:  # such a sampler does not exist
            assert np.isnan(by_image).all()


def assert_schedules(case: Case, dataset: Labels) -> None:
    epochs = range(case['epochs'].item())
    samplers = dict(class_prob=ClassPrioritySampler, instance_prob=InstancePrioritySampler)
    for name in case:
        options = dict(manual_only=True, max_epochs=len(epochs))
        if match := re.fullmatch(r'shift_cycle(\d+)_(class_prob|instance_prob)', name):
            options.update(balance=None, cycle=int(match[1]))
        elif match := re.fullmatch(r'root_(\w+)_(class_prob|instance_prob)', name):
            options.update(root_decay=match[1], **DECAY)
        else:
            continue
        sampler = samplers[match[2]](dataset, **options)
        close(np.stack([probabilities(sampler, epoch) for epoch in epochs]), case[name])


def assert_updates(case: Case, dataset: Labels) -> None:
    for name, digits in re.findall(r'\b(update(?:_alpha(\d+))?)_class_prob\b', ' '.join(case)):
        alpha = float(f'{digits[0]}.{digits[1:]}') if digits else 1.0  # 05 is 0.5
        by_class = ClassPrioritySampler(dataset, alpha=alpha, **CLASS_UPDATE)
        by_image = InstancePrioritySampler(dataset, alpha=alpha)
        for number, (indices, priorities) in enumerate(
            zip(case['update_indices'], case['update_priorities'], strict=True)
        ):
            for sampler, level in ((by_class, 'class'), (by_image, 'instance')):
                sampler.update(indices, priorities)
                close(probabilities(sampler, number + 1), case[f'{name}_{level}_prob'][number])


@adapter('tsc_kcl', 'sampler_priority')
def priority(case: Case) -> None:
    dataset = Labels(case['labels'])
    assert_static(case, dataset)
    assert_schedules(case, dataset)
    assert_updates(case, dataset)
    for level, sampler_type in (('class', ClassPrioritySampler), ('instance', InstancePrioritySampler)):
        sampler = sampler_type(dataset, manual_only=True)
        np.testing.assert_array_equal(sampler.class_counts, case['class_counts'])
        recorded = case[f'drawn_{level}_balanced']
        stream = sampler.stream(random.Random(case['seed'].item()))
        np.testing.assert_array_equal(list(islice(stream, len(recorded))), recorded)
