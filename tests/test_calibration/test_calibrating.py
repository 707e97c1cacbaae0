"""From validation predictions to a calibration: what it answers, and that it is better than before."""

import numpy as np
import pytest
import torch
from calibrated_labels import COUNTS, drawn
from scipy.special import softmax

from ltcl.calibration import Calibration
from ltcl.calibration.calibrating import Choice, applied, calibrate, some
from ltcl.calibration.figures import calibration_figures
from ltcl.calibration.record import spread, tempered
from ltcl.errors import UserError
from ltcl.predictions.adjusting import halves, log_shares

FITTED = Choice(prior='validation')


def test_a_calibrated_model_is_as_often_right_as_it_says():
    val, test = drawn(factor=2.5, strength=1), drawn(factor=2.5, strength=1, seed=1)
    found = calibrate(val, FITTED)
    before, after = (calibration_figures(each)['all'] for each in (test, applied(test, found.calibration)))
    assert after['ece'] < 2.5 < 10 < before['ece']
    assert after['log_loss'] < before['log_loss'] - 0.3
    assert after['classwise_ece'] < before['classwise_ece'] / 2
    crossed = calibration_figures(found.crossed)['all']
    assert crossed['log_loss'] == pytest.approx(after['log_loss'], abs=0.05)


def test_the_answers_are_those_of_temperature_then_prior():
    val = drawn(factor=2.5, strength=1)
    calibration = calibrate(val, FITTED).calibration
    power = calibration.prior_power - calibration.power
    expected = softmax(val.scores / calibration.temperatures['all'] + power * log_shares(COUNTS), 1)
    np.testing.assert_allclose(applied(val, calibration).probabilities, expected, atol=1e-6)
    assert calibration.prior_power == pytest.approx(1, abs=0.5)
    assert applied(val, calibration).frequency_power == calibration.prior_power


def test_by_default_no_answer_changes():
    val = drawn(factor=2.5, strength=1)
    for by_group in (False, True):
        calibration = calibrate(val, Choice(by_group)).calibration
        assert (calibration.power, calibration.prior) == (None, None)
        after = applied(val, calibration)
        assert (after.scores.argmax(1) == val.scores.argmax(1)).all()
        assert calibration_figures(after)['all']['log_loss'] < calibration_figures(val)['all']['log_loss']


@pytest.mark.parametrize('prior', ['natural', 'balanced', 'FILE'])
def test_another_class_mix_is_stored_with_the_same_fit(prior, tmp_path):
    shares = [0.5, 0, 0.25, 0.125, 0.125]
    if prior == 'FILE':
        rows = [f'class {label},{share}' for label, share in enumerate(shares)]
        prior = tmp_path / 'mix.csv'
        prior.write_text('\n'.join(['class,share', *rows]))
    val = drawn(strength=1)
    plain, found = (calibrate(val, Choice(prior=str(each))).calibration for each in ('validation', prior))
    assert (found.temperatures, found.power) == (plain.temperatures, plain.power)
    expected = {'natural': COUNTS / COUNTS.sum(), 'balanced': np.full(5, 0.2)}.get(prior, shares)
    assert found.prior == pytest.approx(list(expected))
    assert str(found).endswith(
        f'answers for the class mix {"mix.csv" if prior not in ("natural", "balanced") else prior}'
    )
    assert np.isfinite(applied(val, found).scores).all()


def test_halves_answer_for_each_other():
    val = drawn(200, factor=2)
    found = calibrate(val, FITTED)
    half = halves(val.labels) == 0
    other = calibrate(some(val, ~half), FITTED)
    np.testing.assert_allclose(found.crossed.scores[half], applied(val, other.calibration).scores[half], atol=1e-6)
    assert calibrate(drawn(80, factor=2), Choice()).crossed is None  # a half of so few tells nothing


def test_a_mix_without_counts_is_refused():
    for prior in ('natural', 'validation'):
        with pytest.raises(UserError, match='needs training counts of the classes, known and unequal'):
            calibrate(drawn()._replace(class_counts=np.full(5, -1)), Choice(prior=prior))
    assert calibrate(drawn()._replace(class_counts=np.full(5, -1)), Choice()).calibration.prior is None


def test_what_is_stored_is_read_as_it_was():
    found = calibrate(drawn(factor=2), Choice(by_group=True, precision=0.9)).calibration
    assert Calibration.from_meta({'calibration': found.to_plain()}, 5, 'a.pth') == found
    assert Calibration.from_meta({}, 5, 'a.pth') is None


@pytest.mark.parametrize(
    'change',
    [
        dict(temperatures={}),
        dict(temperatures={'all': 0.0}),
        dict(temperatures={'all': float('nan')}),
        dict(temperatures={'many': 1.0}),
        dict(temperatures=[1.0]),
        dict(prior=[1.0]),
        dict(prior=[-1.0] * 5),
        dict(prior=[0.2] * 5, power=None),
        dict(power=float('inf')),
        dict(thresholds={'all': 'no'}),
        dict(bounds=None),
        dict(version=9),
    ],
)
def test_a_calibration_that_is_none_is_refused(change):
    stored = {**Calibration({'all': 2.0}).to_plain(), **change}
    with pytest.raises(UserError, match=r'the calibration in a\.pth is not one that this version writes'):
        Calibration.from_meta({'calibration': stored}, 5, 'a.pth')


def test_temperatures_of_classes():
    values = {'many': 1.0, 'medium': 2.0, 'few': 3.0}
    assert spread(values, COUNTS.tolist(), 5, (20, 100)).tolist() == [1, 1, 2, 2, 3]
    assert spread({'all': 4.0}, None, 2, (20, 100)).tolist() == [4, 4]
    with pytest.raises(UserError, match='which the checkpoint does not tell'):
        spread(values, None, 5, (20, 100))
    logits = torch.randn(100, 5, generator=torch.manual_seed(0))
    found = tempered(logits, spread(values, COUNTS.tolist(), 5, (20, 100)))
    assert (found.argsort(1) == logits.argsort(1)).all()
    assert found.dtype == logits.dtype
