"""Each diagnosis: a model that has the illness, and one that has not."""

import numpy as np
import pytest
from saved_runs import answers, report_of, saved, tail_counts

from ltcl.report.class_figures import Answers
from ltcl.report.class_rows import class_rows
from ltcl.report.diagnosis import diagnose
from ltcl.report.run_files import RunFiles
from ltcl.report.same_images import Copies

COUNTS = tail_counts(10)


def found(scores, labels, power=1.0, copies=()):
    predictions = saved(scores, labels, tail_counts(scores.shape[1]))
    given = Answers(predictions.scores, labels)
    run = RunFiles('run', report_of(predictions), answers=given, saved=predictions)
    findings = diagnose(
        given, class_rows(run), predictions.class_counts, 'test images', Copies(copies, len(labels)), power
    )
    return {each.kind: each for each in findings}


@pytest.fixture(scope='module')
def healthy():
    return found(*answers(10, per_class=100, margin=3.0))


@pytest.fixture(scope='module')
def head_heavy():
    scores, labels = answers(10, per_class=100, margin=3.0)
    return found(scores + 1.5 * np.log(COUNTS).astype(np.float32), labels)


def test_a_healthy_model_has_no_illness(healthy):
    kinds = {'big_classes', 'swallowed', 'never_predicted', 'confidence', 'few_images', 'copies', 'prior'}
    assert {kind: each.is_ill for kind, each in healthy.items()} == dict.fromkeys(kinds, False)


def test_predicts_the_big_classes(head_heavy):
    assert head_heavy['big_classes'].is_ill
    assert 'few-shot classes are 300 of the images and' in head_heavy['big_classes'].text
    assert '<svg' in head_heavy['big_classes'].figure


def test_a_prior_would_help_and_which(head_heavy):
    finding = head_heavy['prior']
    assert finding.is_ill
    assert 'Adding -1.5 × log(class share)' in finding.text
    assert '`--prior balanced` adds -1.' in finding.text


def test_a_prior_of_a_balanced_head():
    scores, labels = answers(10, per_class=100, margin=3.0)
    finding = found(scores - 1.0 * np.log(COUNTS).astype(np.float32), labels, power=0.0)['prior']
    assert 'in favour of large classes' in finding.text
    assert '`--prior natural` adds +1.' in finding.text


def test_swallowed_and_never_predicted():
    scores, labels = answers(10, per_class=100, margin=3.0)
    scores[labels == 4, 2] += 100
    scores[:, 4] -= 200
    findings = found(scores, labels)
    assert findings['swallowed'].is_ill
    assert 'class 2 takes 100 of the 100 images of class 4' in findings['swallowed'].text
    assert findings['never_predicted'].is_ill
    assert findings['never_predicted'].text.startswith('class 4: never the answer')


def test_wrong_confidence_names_the_groups():
    scores, labels = answers(10, per_class=100, margin=3.0)
    sure = np.where((labels >= 7)[:, None], 5.0, 1.0).astype(np.float32)
    rng = np.random.default_rng(0)
    scores += np.where((labels >= 7)[:, None], rng.normal(0, 6, scores.shape), 0).astype(np.float32)
    finding = found(scores * sure, labels)['confidence']
    assert finding.is_ill
    assert 'on few-shot classes it is too sure' in finding.text
    assert '`ltcl calibrate RUN` fits' in finding.text
    assert 'many-shot' not in finding.text


def test_not_sure_enough():
    scores, labels = answers(10, per_class=100, margin=3.0)
    finding = found(scores * 0.3, labels)['confidence']
    assert finding.is_ill
    assert 'not sure enough' in finding.text


def test_too_few_images():
    finding = found(*answers(10, per_class=5, margin=3.0))['few_images']
    assert finding.is_ill
    assert finding.title == '10 of 10 classes have too few test images'
    assert '(5 images: ' in finding.text


def test_copies_and_contradictions():
    scores, labels = answers(10, per_class=100, margin=3.0)
    few = found(scores, labels, copies=[[3, 4]])['copies']
    assert not few.is_ill
    assert few.text == '1 of the 1,000 test images is a copy of another one, and counts each time.'
    many = found(scores, labels, copies=[[0, 1, 2, 3, 4, 5, 6], [100, 101, 102, 103, 104, 105]])['copies']
    assert many.is_ill
    assert many.title == '11 test images are copies'
    torn = found(scores, labels, copies=[[3, 450, 451]])['copies']
    assert torn.is_ill
    assert torn.title == '1 picture contradicts itself'
    assert torn.text.endswith('no answer is right for all of its copies: class 0 and class 4.')


def test_an_unknown_mix_names_no_option():
    scores, labels = answers(10, per_class=100, margin=3.0)
    finding = found(scores + 1.5 * np.log(COUNTS).astype(np.float32), labels, power=float('nan'))['prior']
    assert finding.is_ill
    assert '--prior' not in finding.text
